//! Putting the log on top of what the snapshot gave.

use super::Recovered;
use super::segments::Opened;
use super::source::{End, Source};
use crate::codec::Item;
use crate::disk::Disk;
use crate::error::OpenError;
use crate::frame;
use crate::log::{Log, Tail};
use crate::segment::{Files, Segment};
use std::sync::Arc;
use store::machine::Machine;

/// Removes a torn end for good before anything is written over it.
fn cut(opened: &mut Opened, end: u64) -> Result<(), OpenError> {
    tracing::warn!(file = opened.name, offset = end, "dropping a torn write, which was never answered");
    let file = &mut opened.file;
    file.truncate(end).and_then(|()| file.sync()).map_err(OpenError::io("truncate", &opened.name))
}

pub struct Replaying {
    machine: Machine,
    tail: Tail,
    /// The segment that may end in a torn write.
    torn: Option<u64>,
}

impl Replaying {
    pub fn new(machine: Machine, first: &Opened, torn: Option<u64>) -> Result<Replaying, OpenError> {
        let Segment { number, next_revision, .. } = first.segment;
        if next_revision > machine.sequenced() + 1 {
            let reason = format!("the log begins after revision {}, to which nothing leads", machine.sequenced());
            return Err(OpenError::corrupt(&first.name, 0, reason));
        }
        Ok(Replaying { machine, tail: Tail { number, next_revision, salt: first.salt }, torn })
    }

    pub fn run(
        mut self,
        disk: &Arc<dyn Disk>,
        mut segments: Vec<Opened>,
        snapshot_bytes: u64,
    ) -> Result<Recovered, OpenError> {
        for opened in &mut segments {
            let end = self.segment(opened)?;
            if end.broken.is_some() {
                cut(opened, end.offset)?;
            }
            opened.segment.bytes = end.offset;
        }
        let known = segments.iter().map(|opened| opened.segment).collect();
        let active = segments.pop().expect("a log has a segment");
        self.finish(disk, active, Files::new(known, snapshot_bytes))
    }

    /// Returns how the whole frames end.
    fn segment(&mut self, opened: &Opened) -> Result<End, OpenError> {
        let mut source = Source::new(&opened.name, &*opened.file, self.tail.number)?;
        let first = source.first()?.map_err(|reason| OpenError::corrupt(&opened.name, 0, reason))?;
        for item in first {
            self.take(item).map_err(|reason| OpenError::corrupt(&opened.name, 0, reason))?;
        }
        let end = source.salted(self.tail.salt).drain(|item| self.take(item))?;
        self.tail.number = end.number;
        if let Some(reason) = end.broken {
            self.expect_torn(opened, end, reason)?;
        }
        Ok(end)
    }

    fn expect_torn(&self, opened: &Opened, end: End, reason: &str) -> Result<(), OpenError> {
        let corrupt = |reason: &str| Err(OpenError::corrupt(&opened.name, end.offset, reason));
        if self.torn != Some(opened.segment.number) {
            return corrupt(reason);
        }
        match frame::find_later(&*opened.file, end.offset, end.number, self.tail.salt) {
            Ok(None) => Ok(()),
            Ok(Some(later)) => corrupt(&format!("{reason}, but a whole frame follows at byte {later}")),
            Err(error) => Err(OpenError::io("read", &opened.name)(error)),
        }
    }

    fn take(&mut self, item: Item) -> Result<(), String> {
        match item {
            Item::Segment { next_revision, salt } if next_revision == self.tail.next_revision => {
                self.tail.salt = salt;
                Ok(())
            }
            Item::Txn(entry) if entry.revision == self.tail.next_revision => {
                self.tail.next_revision += 1;
                if entry.revision > self.machine.sequenced() {
                    self.machine.apply(&entry);
                }
                Ok(())
            }
            Item::Compact { at } if at < self.tail.next_revision => {
                // Nobody watches yet.
                self.machine.compact(at).send();
                Ok(())
            }
            Item::Closed => Ok(()),
            _ => Err(format!("an item that has no place in a log, or not before revision {}", self.tail.next_revision)),
        }
    }

    fn finish(self, disk: &Arc<dyn Disk>, active: Opened, files: Files) -> Result<Recovered, OpenError> {
        let Replaying { mut machine, tail, .. } = self;
        if tail.next_revision != machine.sequenced() + 1 {
            let reason = format!("the log ends before revision {} of the snapshot", machine.sequenced());
            return Err(OpenError::corrupt(&active.name, active.segment.bytes, reason));
        }
        machine.publish(machine.sequenced()).send();
        while machine.prune(usize::MAX) {}
        let files = Arc::new(files);
        let log = Log::resume(disk.clone(), files.clone(), (active.file, active.segment.bytes), tail)
            .map_err(OpenError::io("measure", &active.name))?;
        Ok(Recovered { machine, log, files })
    }
}
