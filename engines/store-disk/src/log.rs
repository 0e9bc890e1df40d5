//! The end of the log: appending, syncing, going on to the next segment.

use crate::codec::Item;
use crate::disk::{Disk, DiskFile};
use crate::frame::{self, NO_SALT};
use crate::segment::{Files, Segment, log_name};
use std::io;
use std::sync::Arc;

/// A buffer that a large batch has stretched beyond this is given back.
const BUFFER_KEPT: usize = 1 << 20;

/// When files are cut and rewritten. The defaults keep the files of a store below three times its live data, plus a
/// few segments.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A segment ends after a quarter of the live data, within these bounds.
    pub segment_min: u64,
    pub segment_max: u64,
    /// A snapshot is due when it would free as much as there is live data, but no less than this.
    pub garbage_min: u64,
    /// A frame ends with the transaction in which it reaches this size.
    pub batch: usize,
    /// A segment is made longer by so many zeros at once: a write over them changes no length, which the disk would have
    /// to note with every sync.
    pub room: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { segment_min: 1 << 20, segment_max: 64 << 20, garbage_min: 4 << 20, batch: 4 << 20, room: 256 << 10 }
    }
}

impl Limits {
    pub fn segment(&self, live: u64) -> u64 {
        (live / 4).clamp(self.segment_min, self.segment_max)
    }
}

#[derive(Debug)]
pub enum Failure {
    /// Nothing of it is on the disk; the log is as it was.
    Refused(io::Error),
    /// The end of the log is not known any more: it can only be read again, from the start.
    Lost(io::Error),
}

pub struct Log {
    disk: Arc<dyn Disk>,
    files: Arc<Files>,
    active: Box<dyn DiskFile>,
    /// Of what was written to the active segment, all of it durable.
    length: u64,
    /// Of its file: zeros follow what was written.
    extent: u64,
    /// Of the next frame.
    number: u64,
    next_revision: u64,
    salt: u32,
    buffer: Vec<u8>,
}

/// Where a log goes on.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    pub number: u64,
    pub next_revision: u64,
    pub salt: u32,
}

impl Log {
    /// Goes on behind the last frame of a segment that was read.
    pub fn resume(
        disk: Arc<dyn Disk>,
        files: Arc<Files>,
        (active, length): (Box<dyn DiskFile>, u64),
        tail: Tail,
    ) -> io::Result<Log> {
        let extent = active.length()?;
        let Tail { number, next_revision, salt } = tail;
        Ok(Log { disk, files, active, length, extent, number, next_revision, salt, buffer: Vec::new() })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns when the items are durable. Where the segment has to be made longer, it gets so much room beyond them.
    pub fn commit<'a>(&mut self, items: impl Iterator<Item = &'a Item>, room: usize) -> Result<(), Failure> {
        frame::begin(&mut self.buffer);
        let mut next_revision = self.next_revision;
        for item in items {
            item.encode(&mut self.buffer);
            if let Item::Txn(entry) = item {
                next_revision = entry.revision + 1;
            }
        }
        frame::seal(&mut self.buffer, self.number, self.salt);
        let end = self.length + self.buffer.len() as u64;
        if end <= self.extent { self.overwrite() } else { self.write(end, room) }?;
        self.next_revision = next_revision;
        self.advance();
        Ok(())
    }

    fn overwrite(&mut self) -> Result<(), Failure> {
        match self.active.overwrite(self.length, &self.buffer) {
            // A file system that copies what is written over may have no place for it.
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                Err(self.take_back(error))
            }
            written => written.map_err(Failure::Lost),
        }
    }

    /// Writes the frame, and room for others behind it. A disk too full for that may take the frame.
    fn write(&mut self, end: u64, room: usize) -> Result<(), Failure> {
        let frame = self.buffer.len();
        self.buffer.resize(frame + room, 0);
        let roomy = self.active.write_at(self.length, &self.buffer);
        self.buffer.truncate(frame);
        if roomy.is_err() {
            self.active.write_at(self.length, &self.buffer).map_err(|error| self.take_back(error))?;
        }
        self.extent = if roomy.is_ok() { end + room as u64 } else { end };
        // After a failed sync the kernel may have thrown the pages away and call the next sync a success.
        self.active.sync().map_err(Failure::Lost)
    }

    fn advance(&mut self) {
        let written = self.buffer.len() as u64;
        self.length += written;
        self.number += 1;
        self.files.grow(written);
        if self.buffer.capacity() > BUFFER_KEPT {
            self.buffer = Vec::new();
        }
    }

    /// A refused append must not come to light after a crash, when its callers were told that nothing happened.
    fn take_back(&mut self, error: io::Error) -> Failure {
        match self.active.truncate(self.length).and_then(|()| self.active.sync()) {
            Ok(()) => {
                self.extent = self.length;
                Failure::Refused(error)
            }
            Err(worse) => Failure::Lost(worse),
        }
    }

    /// The next frame goes to a new segment. All before is durable, so is the new file with its first frame.
    pub fn rotate(&mut self) -> Result<(), Failure> {
        let name = log_name(self.number);
        let mut file = match self.disk.create(&name) {
            Ok(file) => file,
            Err(error) => return Err(self.forget(&name, error)),
        };
        let Log { number, next_revision, salt, .. } = *self;
        segment_frame(&mut self.buffer, Tail { number, next_revision, salt });
        if let Err(error) = file.write_at(0, &self.buffer) {
            return Err(self.forget(&name, error));
        }
        file.sync().and_then(|()| self.disk.sync_dir()).map_err(Failure::Lost)?;
        self.files.add(Segment { number: self.number, next_revision: self.next_revision, bytes: 0 });
        self.close_active();
        self.active = file;
        self.length = 0;
        self.extent = self.buffer.len() as u64;
        self.advance();
        Ok(())
    }

    /// Gives back the room that nothing will be written to.
    pub fn close_active(&mut self) {
        if let Err(error) = self.active.truncate(self.length) {
            tracing::debug!(%error, "a log segment keeps its room");
        }
        self.extent = self.length;
    }

    fn forget(&self, name: &str, error: io::Error) -> Failure {
        let gone = match self.disk.remove(name) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        match gone.and_then(|()| self.disk.sync_dir()) {
            Ok(()) => Failure::Refused(error),
            Err(worse) => Failure::Lost(worse),
        }
    }
}

/// The frame that every segment begins with.
pub fn segment_frame(buffer: &mut Vec<u8>, tail: Tail) {
    let Tail { number, next_revision, salt } = tail;
    frame::begin(buffer);
    Item::Segment { next_revision, salt }.encode(buffer);
    frame::seal(buffer, number, NO_SALT);
}
