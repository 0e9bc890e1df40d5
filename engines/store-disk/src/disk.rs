//! The disk as the engine sees it: one directory of files that are written from their start to their end.

use std::any::Any;
use std::io;

/// Held as long as the directory is ours.
pub type Held = Box<dyn Any + Send + Sync>;

pub trait Disk: Send + Sync + 'static {
    /// Takes the directory; [`io::ErrorKind::WouldBlock`] when another process has it.
    fn lock(&self) -> io::Result<Held>;

    fn list(&self) -> io::Result<Vec<String>>;

    /// A new empty file, in place of one that may exist.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    fn sync_dir(&self) -> io::Result<()>;
}

pub trait DiskFile: Send + Sync {
    fn length(&self) -> io::Result<u64>;

    /// Fills `into` from `offset`; an end of file before that is an error.
    fn read_exact_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// After an error any part of `bytes` may have been written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Makes content and length durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Writes within the file, where there are but zeros from `offset` to its end, and makes that durable.
    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_at(offset, bytes)?;
        self.sync()
    }
}
