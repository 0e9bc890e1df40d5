//! Opening: a snapshot, then the log above it.
//!
//! A broken frame is a torn write only where one can be: in the last segment, with no whole frame behind it, because
//! nothing is appended before all ahead of it is durable. Everything else is corruption and is said, with its place.

mod replay;
mod segments;
mod snapshot;
mod source;

use crate::disk::{Disk, DiskFile};
use crate::error::OpenError;
use crate::log::Log;
use crate::segment::{Files, Named, named, snapshot_name};
use replay::Replaying;
use segments::{first_segment, open_segments, remove_superfluous};
use std::sync::Arc;
use store::machine::Machine;

pub struct Recovered {
    pub machine: Machine,
    pub log: Log,
    pub files: Arc<Files>,
}

/// `salt` is for a log that begins now.
pub fn recover(disk: &Arc<dyn Disk>, salt: u32) -> Result<Recovered, OpenError> {
    let (snapshots, logs) = inventory(&**disk)?;
    let (base, snapshot_bytes) = match snapshots.last() {
        Some(revision) => snapshot::load(&**disk, *revision)?,
        None => (Machine::new(), 0),
    };
    let (mut segments, may_be_torn) = open_segments(&**disk, &logs)?;
    if segments.is_empty() {
        if let Some(revision) = snapshots.last() {
            return Err(OpenError::corrupt(&snapshot_name(*revision), 0, "there is a snapshot but no log"));
        }
        segments.push(first_segment(&**disk, salt)?);
    }
    remove_superfluous(&**disk, &snapshots, &mut segments)?;
    let last = segments.last().map_or(0, |opened| opened.segment.number);
    let replaying = Replaying::new(base, &segments[0], may_be_torn.then_some(last))?;
    replaying.run(disk, segments, snapshot_bytes)
}

/// The numbers of snapshots and segments, ascending. What was never finished is removed.
fn inventory(disk: &dyn Disk) -> Result<(Vec<u64>, Vec<u64>), OpenError> {
    let (mut snapshots, mut logs) = (Vec::new(), Vec::new());
    for name in disk.list().map_err(OpenError::io("list", "the data directory"))? {
        match named(&name) {
            Named::Log(number) => logs.push(number),
            Named::Snapshot(revision) => snapshots.push(revision),
            Named::Unfinished => disk.remove(&name).map_err(OpenError::io("remove", &name))?,
            Named::Foreign => {}
        }
    }
    snapshots.sort_unstable();
    logs.sort_unstable();
    Ok((snapshots, logs))
}

fn open(disk: &dyn Disk, name: &str) -> Result<Box<dyn DiskFile>, OpenError> {
    disk.open(name).map_err(OpenError::io("open", name))
}
