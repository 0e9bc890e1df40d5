//! Which segments there are, by their first frames.

use super::open;
use super::source::Source;
use crate::codec::Item;
use crate::disk::{Disk, DiskFile};
use crate::error::OpenError;
use crate::frame::HEADER;
use crate::log::{Tail, segment_frame};
use crate::segment::{Segment, log_name, obsolete, snapshot_name};
use store::machine::Machine;

/// A segment whose first frame was read.
pub struct Opened {
    pub name: String,
    pub file: Box<dyn DiskFile>,
    pub segment: Segment,
    pub salt: u32,
}

/// Also says whether the last of them may end in a torn write: not if a crash came when the next was about to begin.
pub fn open_segments(disk: &dyn Disk, numbers: &[u64]) -> Result<(Vec<Opened>, bool), OpenError> {
    let mut segments = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let name = log_name(*number);
        let file = open(disk, &name)?;
        let bytes = file.length().map_err(OpenError::io("measure", &name))?;
        match first_frame(&name, &*file, *number)? {
            Ok((next_revision, salt)) => {
                let segment = Segment { number: *number, next_revision, bytes };
                segments.push(Opened { name, file, segment, salt });
            }
            Err(_) if index + 1 == numbers.len() && bytes <= first_frame_bytes() => never_begun(disk, &name)?,
            Err(reason) => return Err(OpenError::corrupt(&name, 0, reason)),
        }
    }
    let all_begun = segments.len() == numbers.len();
    Ok((segments, all_begun))
}

/// The outer result is the disk's; the inner one says whether a whole first frame is there.
fn first_frame(name: &str, file: &dyn DiskFile, number: u64) -> Result<Result<(u64, u32), &'static str>, OpenError> {
    Source::new(name, file, number)?.first()?.map_or_else(
        |reason| Ok(Err(reason)),
        |items| match items[..] {
            [Item::Segment { next_revision, salt }] => Ok(Ok((next_revision, salt))),
            _ => Err(OpenError::corrupt(name, 0, "the file does not begin as a segment")),
        },
    )
}

fn first_frame_bytes() -> u64 {
    let mut buffer = Vec::with_capacity(HEADER * 2);
    segment_frame(&mut buffer, Tail { number: 0, next_revision: 0, salt: 0 });
    buffer.len() as u64
}

/// A crash came while the segment was made: its first frame is synced before anything else is written to it.
fn never_begun(disk: &dyn Disk, name: &str) -> Result<(), OpenError> {
    tracing::warn!(name, "removing a log segment that was never begun");
    disk.remove(name).and_then(|()| disk.sync_dir()).map_err(OpenError::io("remove", name))
}

pub fn first_segment(disk: &dyn Disk, salt: u32) -> Result<Opened, OpenError> {
    let name = log_name(0);
    let next_revision = Machine::new().sequenced() + 1;
    let mut buffer = Vec::new();
    segment_frame(&mut buffer, Tail { number: 0, next_revision, salt });
    let create = || {
        let mut file = disk.create(&name)?;
        file.write_at(0, &buffer)?;
        file.sync()?;
        disk.sync_dir()?;
        Ok(file)
    };
    let file = create().map_err(OpenError::io("create", &name))?;
    let segment = Segment { number: 0, next_revision, bytes: buffer.len() as u64 };
    Ok(Opened { name, file, segment, salt })
}

/// What a checkpoint had no time to remove, or whose removal a crash took back.
pub fn remove_superfluous(disk: &dyn Disk, snapshots: &[u64], segments: &mut Vec<Opened>) -> Result<(), OpenError> {
    let Some((newest, older)) = snapshots.split_last() else { return Ok(()) };
    let known: Vec<Segment> = segments.iter().map(|opened| opened.segment).collect();
    let old_logs = segments.drain(..obsolete(&known, *newest)).map(|opened| opened.name);
    for name in older.iter().map(|revision| snapshot_name(*revision)).chain(old_logs) {
        disk.remove(&name).map_err(OpenError::io("remove", &name))?;
    }
    Ok(())
}
