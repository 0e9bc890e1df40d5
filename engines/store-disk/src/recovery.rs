//! Opening: a snapshot, then the log above it.
//!
//! A broken frame is a torn write only where one can be: in the last segment, with no whole frame behind it, because
//! nothing is appended before all ahead of it is durable. Everything else is corruption and is said, with its place.

use crate::codec::Item;
use crate::disk::{Disk, DiskFile};
use crate::error::OpenError;
use crate::frame::{self, HEADER, Read, Reader};
use crate::log::{Log, Tail, segment_frame};
use crate::segment::{Files, Named, Segment, log_name, named, obsolete, snapshot_name};
use bytes::Bytes;
use std::sync::Arc;
use store::machine::{Machine, Restoring};

pub struct Recovered {
    pub machine: Machine,
    pub log: Log,
    pub files: Arc<Files>,
}

/// `salt` is for a log that begins now.
pub fn recover(disk: &Arc<dyn Disk>, salt: u32) -> Result<Recovered, OpenError> {
    let (snapshots, logs) = inventory(&**disk)?;
    let (base, snapshot_bytes) = match snapshots.last() {
        Some(revision) => load_snapshot(&**disk, *revision)?,
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

/// Reads frames and knows what to say of them.
struct Source<'a> {
    name: &'a str,
    reader: Reader<'a>,
    number: u64,
}

enum Step {
    Items { offset: u64, payload: Bytes },
    End,
    Broken { offset: u64, reason: &'static str },
}

impl<'a> Source<'a> {
    fn new(name: &'a str, file: &'a dyn DiskFile, number: u64) -> Result<Source<'a>, OpenError> {
        let reader = Reader::new(file).map_err(OpenError::io("read", name))?;
        Ok(Source { name, reader, number })
    }

    fn step(&mut self) -> Result<Step, OpenError> {
        match self.reader.next().map_err(OpenError::io("read", self.name))? {
            Read::End => Ok(Step::End),
            Read::Broken { offset, reason } => Ok(Step::Broken { offset, reason }),
            Read::Frame { offset, number, .. } if number != self.number => {
                let expected = self.number;
                Err(self.corrupt(offset, format!("frame {number} lies where frame {expected} belongs")))
            }
            Read::Frame { offset, payload, .. } => {
                self.number += 1;
                Ok(Step::Items { offset, payload })
            }
        }
    }

    fn corrupt(&self, offset: u64, reason: impl std::fmt::Display) -> OpenError {
        OpenError::corrupt(self.name, offset, reason)
    }

    fn each_item(
        &self,
        offset: u64,
        mut payload: Bytes,
        mut take: impl FnMut(Item) -> Result<(), String>,
    ) -> Result<(), OpenError> {
        while !payload.is_empty() {
            let item = Item::decode(&mut payload).map_err(|reason| self.corrupt(offset, reason))?;
            take(item).map_err(|reason| self.corrupt(offset, reason))?;
        }
        Ok(())
    }
}

fn load_snapshot(disk: &dyn Disk, revision: u64) -> Result<(Machine, u64), OpenError> {
    let name = snapshot_name(revision);
    let file = open(disk, &name)?;
    let bytes = file.len().map_err(OpenError::io("measure", &name))?;
    let mut source = Source::new(&name, &*file, 0)?;
    let mut loading = Loading { revision, restoring: Restoring::new(), begun: false, records: 0, ended: false };
    loop {
        match source.step()? {
            Step::Items { offset, payload } => source.each_item(offset, payload, |item| loading.take(item))?,
            Step::End if loading.ended => return Ok((loading.restoring.finish(revision), bytes)),
            Step::End => return Err(source.corrupt(bytes, "the snapshot ends early")),
            Step::Broken { offset, reason } => return Err(source.corrupt(offset, reason)),
        }
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

/// A segment whose first frame was read.
struct Opened {
    name: String,
    file: Box<dyn DiskFile>,
    segment: Segment,
    salt: u32,
}

/// Also says whether the last of them may end in a torn write: not if a crash came when the next was about to begin.
fn open_segments(disk: &dyn Disk, numbers: &[u64]) -> Result<(Vec<Opened>, bool), OpenError> {
    let mut segments = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let name = log_name(*number);
        let file = open(disk, &name)?;
        let bytes = file.len().map_err(OpenError::io("measure", &name))?;
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
    let mut source = Source::new(name, file, number)?;
    let mut payload = match source.step()? {
        Step::Items { payload, .. } => payload,
        Step::End => return Ok(Err("the file is empty")),
        Step::Broken { reason, .. } => return Ok(Err(reason)),
    };
    match Item::decode(&mut payload) {
        Ok(Item::Segment { next_revision, salt }) => Ok(Ok((next_revision, salt))),
        Ok(_) => Err(OpenError::corrupt(name, 0, "the file does not begin as a segment")),
        Err(reason) => Err(OpenError::corrupt(name, 0, reason)),
    }
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

fn first_segment(disk: &dyn Disk, salt: u32) -> Result<Opened, OpenError> {
    let name = log_name(0);
    let next_revision = Machine::new().sequenced() + 1;
    let mut buffer = Vec::new();
    segment_frame(&mut buffer, Tail { number: 0, next_revision, salt });
    let create = || {
        let mut file = disk.create(&name)?;
        file.append(&buffer)?;
        file.sync()?;
        disk.sync_dir()?;
        Ok(file)
    };
    let file = create().map_err(OpenError::io("create", &name))?;
    let segment = Segment { number: 0, next_revision, bytes: buffer.len() as u64 };
    Ok(Opened { name, file, segment, salt })
}

/// What a checkpoint had no time to remove, or whose removal a crash took back.
fn remove_superfluous(disk: &dyn Disk, snapshots: &[u64], segments: &mut Vec<Opened>) -> Result<(), OpenError> {
    let Some((newest, older)) = snapshots.split_last() else { return Ok(()) };
    let known: Vec<Segment> = segments.iter().map(|opened| opened.segment).collect();
    let old_logs = segments.drain(..obsolete(&known, *newest)).map(|opened| opened.name);
    for name in older.iter().map(|revision| snapshot_name(*revision)).chain(old_logs) {
        disk.remove(&name).map_err(OpenError::io("remove", &name))?;
    }
    Ok(())
}

/// Removes a torn end for good before anything is written over it.
fn cut(opened: &mut Opened, end: u64) -> Result<(), OpenError> {
    let torn = opened.segment.bytes - end;
    if torn == 0 {
        return Ok(());
    }
    tracing::warn!(file = opened.name, offset = end, bytes = torn, "dropping a torn write, which was never answered");
    opened.segment.bytes = end;
    let file = &mut opened.file;
    file.truncate(end).and_then(|()| file.sync()).map_err(OpenError::io("truncate", &opened.name))
}

/// Puts the log on top of what the snapshot gave.
struct Replaying {
    machine: Machine,
    tail: Tail,
    /// The segment that may end in a torn write.
    torn: Option<u64>,
}

impl Replaying {
    fn new(machine: Machine, first: &Opened, torn: Option<u64>) -> Result<Replaying, OpenError> {
        let Segment { number, next_revision, .. } = first.segment;
        if next_revision > machine.sequenced() + 1 {
            let reason = format!("the log begins after revision {}, to which nothing leads", machine.sequenced());
            return Err(OpenError::corrupt(&first.name, 0, reason));
        }
        Ok(Replaying { machine, tail: Tail { number, next_revision, salt: first.salt }, torn })
    }

    fn run(
        mut self,
        disk: &Arc<dyn Disk>,
        mut segments: Vec<Opened>,
        snapshot_bytes: u64,
    ) -> Result<Recovered, OpenError> {
        for opened in &mut segments {
            let end = self.segment(opened)?;
            cut(opened, end)?;
        }
        let known = segments.iter().map(|opened| opened.segment).collect();
        let active = segments.pop().expect("a log has a segment");
        self.finish(disk, active, Files::new(known, snapshot_bytes))
    }

    /// Returns where the whole frames end.
    fn segment(&mut self, opened: &Opened) -> Result<u64, OpenError> {
        let mut source = Source::new(&opened.name, &*opened.file, self.tail.number)?;
        loop {
            match source.step()? {
                Step::Items { offset, payload } => {
                    source.each_item(offset, payload, |item| self.take(item))?;
                    source.reader.salt(self.tail.salt);
                }
                Step::End => {
                    self.tail.number = source.number;
                    return Ok(opened.segment.bytes);
                }
                Step::Broken { offset, reason } => {
                    self.expect_torn(opened, &source, offset, reason)?;
                    self.tail.number = source.number;
                    return Ok(offset);
                }
            }
        }
    }

    fn expect_torn(&self, opened: &Opened, source: &Source<'_>, offset: u64, reason: &str) -> Result<(), OpenError> {
        if self.torn != Some(opened.segment.number) {
            return Err(source.corrupt(offset, reason));
        }
        match frame::find_later(&*opened.file, offset, source.number, self.tail.salt) {
            Ok(None) => Ok(()),
            Ok(Some(later)) => {
                Err(source.corrupt(offset, format!("{reason}, but a whole frame follows at byte {later}")))
            }
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
        let log = Log::resume(disk.clone(), files.clone(), active.file, tail)
            .map_err(OpenError::io("measure", &active.name))?;
        Ok(Recovered { machine, log, files })
    }
}
