//! Reading a snapshot. It was whole and durable before it got its name, so any fault in it is corruption.

use super::open;
use super::source::Source;
use crate::codec::Item;
use crate::disk::Disk;
use crate::error::OpenError;
use crate::segment::snapshot_name;
use store::machine::{Machine, Restoring};

/// Returns the file's size too.
pub fn load(disk: &dyn Disk, revision: u64) -> Result<(Machine, u64), OpenError> {
    let name = snapshot_name(revision);
    let file = open(disk, &name)?;
    let bytes = file.length().map_err(OpenError::io("measure", &name))?;
    let mut loading = Loading { revision, restoring: Restoring::new(), begun: false, records: 0, ended: false };
    let end = Source::new(&name, &*file, 0)?.drain(|item| loading.take(item))?;
    match end.broken {
        Some(reason) => Err(OpenError::corrupt(&name, end.offset, reason)),
        None if !loading.ended => Err(OpenError::corrupt(&name, end.offset, "the snapshot ends early")),
        None => Ok((loading.restoring.finish(revision), bytes)),
    }
}

struct Loading {
    revision: u64,
    restoring: Restoring,
    begun: bool,
    records: u64,
    ended: bool,
}

impl Loading {
    fn take(&mut self, item: Item) -> Result<(), String> {
        match item {
            Item::Snapshot { revision } if !self.begun && revision == self.revision => self.begun = true,
            Item::Record(restored) if self.begun && !self.ended => {
                self.records += 1;
                self.restoring.push(restored);
            }
            Item::SnapshotEnd { records } if self.begun && !self.ended => {
                if records != self.records {
                    return Err(format!("{} of {records} records are there", self.records));
                }
                self.ended = true;
            }
            _ => return Err("an item that has no place in a snapshot, or not here".into()),
        }
        Ok(())
    }
}
