//! A disk that calls a sync done without having done it: what [`crate::Bug::SyncsLie`] seeds.

use std::io;
use store_disk::{Disk, DiskFile, Held, SimDisk};

pub struct LyingDisk(pub SimDisk);

impl Disk for LyingDisk {
    fn lock(&self) -> io::Result<Held> {
        self.0.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.create(name)?, 0)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.open(name)?, 0)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.0.sync_dir()
    }
}

/// A file with the number of its syncs: the first ones are true, so that the file is there at all.
struct LyingFile(Box<dyn DiskFile>, u64);

const TRUE_SYNCS: u64 = 1;

impl DiskFile for LyingFile {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_exact_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(offset, into)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.1 += 1;
        if self.1 > TRUE_SYNCS { Ok(()) } else { self.0.sync() }
    }
}
