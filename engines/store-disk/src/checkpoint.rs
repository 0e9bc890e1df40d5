//! Writing a snapshot beside the running log, and removing what it makes superfluous.
//!
//! The machine is pinned at the floor of the last compaction: readers and writers go on, page after page is written.
//! Only when the snapshot is whole, durable and in place are older files removed, so that a crash at any step leaves
//! either the old set or the new one.

use crate::codec::Item;
use crate::disk::{Disk, DiskFile};
use crate::frame::{self, NO_SALT};
use crate::segment::{Files, Named, log_name, named, snapshot_name, unfinished};
use std::io;
use std::sync::Arc;
use store::Mvcc;

/// A frame of records, within 64 KiB: small, because a value that outlives the others keeps its frame in memory after a restart.
const PAGE: usize = 60 << 10;
/// A sync of much at once would hold up those of the log.
const SYNC_EVERY: u64 = 4 << 20;

pub struct Checkpoint {
    disk: Arc<dyn Disk>,
    mvcc: Arc<Mvcc>,
    files: Arc<Files>,
    file: Box<dyn DiskFile>,
    floor: u64,
    /// The last key written.
    after: Option<Arc<str>>,
    records: u64,
    number: u64,
    bytes: u64,
    unsynced: u64,
    buffer: Vec<u8>,
    finished: bool,
}

impl Checkpoint {
    pub fn begin(disk: Arc<dyn Disk>, mvcc: Arc<Mvcc>, files: Arc<Files>) -> io::Result<Checkpoint> {
        let floor = mvcc.write().pin();
        let file = disk.create(&unfinished(&snapshot_name(floor))).inspect_err(|_| mvcc.write().unpin())?;
        let mut checkpoint = Checkpoint {
            disk,
            mvcc,
            files,
            file,
            floor,
            after: None,
            records: 0,
            number: 0,
            bytes: 0,
            unsynced: 0,
            buffer: Vec::new(),
            finished: false,
        };
        checkpoint.write([Item::Snapshot { revision: floor }].iter())?;
        Ok(checkpoint)
    }

    /// Writes one page; true when the snapshot stands and older files are gone.
    pub fn step(&mut self) -> io::Result<bool> {
        let page = self.mvcc.read().page(self.after.as_deref(), self.floor, PAGE);
        let Some(last) = page.last() else {
            self.finish()?;
            return Ok(true);
        };
        self.after = Some(last.record.key.clone());
        self.records += page.len() as u64;
        let items: Vec<Item> = page.into_iter().map(Item::Record).collect();
        self.write(items.iter())?;
        if self.unsynced >= SYNC_EVERY {
            self.file.sync()?;
            self.unsynced = 0;
        }
        Ok(false)
    }

    fn write<'a>(&mut self, items: impl Iterator<Item = &'a Item>) -> io::Result<()> {
        frame::begin(&mut self.buffer);
        items.for_each(|item| item.encode(&mut self.buffer));
        frame::seal(&mut self.buffer, self.number, NO_SALT);
        self.file.write_at(self.bytes, &self.buffer)?;
        self.number += 1;
        self.bytes += self.buffer.len() as u64;
        self.unsynced += self.buffer.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write([Item::SnapshotEnd { records: self.records }].iter())?;
        self.file.sync()?;
        let name = snapshot_name(self.floor);
        self.disk.rename(&unfinished(&name), &name)?;
        self.finished = true;
        self.disk.sync_dir()?;
        self.remove_older()
    }

    /// What cannot be removed now is removed at the next opening.
    fn remove_older(&self) -> io::Result<()> {
        let obsolete = self.files.replace(self.floor, self.bytes);
        for segment in obsolete {
            self.disk.remove(&log_name(segment.number))?;
        }
        for name in self.disk.list()? {
            if matches!(named(&name), Named::Snapshot(revision) if revision < self.floor) {
                self.disk.remove(&name)?;
            }
        }
        Ok(())
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        self.mvcc.write().unpin();
        self.mvcc.prune();
        if !self.finished
            && let Err(error) = self.disk.remove(&unfinished(&snapshot_name(self.floor)))
        {
            tracing::warn!(%error, "an unfinished snapshot stays until the next opening");
        }
    }
}
