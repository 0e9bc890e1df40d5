//! The server's disk with switches: it may refuse to write, and call a sync done without having done it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store_disk::{Disk, DiskFile, Held, SimDisk};

#[derive(Clone)]
pub struct SwitchedDisk {
    pub disk: SimDisk,
    switches: Arc<Switches>,
}

#[derive(Default)]
struct Switches {
    fails_to_write: AtomicBool,
    lies: bool,
}

impl SwitchedDisk {
    /// `lies`: what [`crate::Bug::SyncsLie`] plants.
    pub fn new(disk: SimDisk, lies: bool) -> SwitchedDisk {
        let fails_to_write = AtomicBool::new(false);
        SwitchedDisk { disk, switches: Arc::new(Switches { fails_to_write, lies }) }
    }

    /// Every write is an error of the device until it is mended.
    pub fn set_failing(&self, fails: bool) {
        self.switches.fails_to_write.store(fails, Ordering::Relaxed);
    }

    pub fn is_failing(&self) -> bool {
        self.switches.fails_to_write.load(Ordering::Relaxed)
    }

    fn file(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(SwitchedFile { file, switches: self.switches.clone(), syncs: 0 })
    }
}

impl Switches {
    fn write(&self) -> io::Result<()> {
        match self.fails_to_write.load(Ordering::Relaxed) {
            true => Err(io::Error::other("input/output error")),
            false => Ok(()),
        }
    }
}

impl Disk for SwitchedDisk {
    fn lock(&self) -> io::Result<Held> {
        self.disk.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.switches.write()?;
        Ok(self.file(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.file(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.switches.write()?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.switches.write()?;
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.disk.sync_dir()
    }
}

struct SwitchedFile {
    file: Box<dyn DiskFile>,
    switches: Arc<Switches>,
    syncs: u64,
}

/// The first syncs of a lying disk are true, so that the file is there at all.
const TRUE_SYNCS: u64 = 1;

impl DiskFile for SwitchedFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_exact_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(offset, into)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.switches.write()?;
        self.file.write_at(offset, bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncs += 1;
        if self.switches.lies && self.syncs > TRUE_SYNCS { Ok(()) } else { self.file.sync() }
    }
}
