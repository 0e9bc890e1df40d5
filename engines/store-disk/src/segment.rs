//! Which files there are.

use std::sync::{Mutex, MutexGuard, PoisonError};

const LOG: &str = "log-";
const SNAPSHOT: &str = "snapshot-";
const UNFINISHED: &str = ".tmp";

/// Segments are named by the number of their first frame.
pub fn log_name(number: u64) -> String {
    format!("{LOG}{number:016x}")
}

/// Snapshots are named by their revision.
pub fn snapshot_name(revision: u64) -> String {
    format!("{SNAPSHOT}{revision:016x}")
}

pub fn unfinished(name: &str) -> String {
    format!("{name}{UNFINISHED}")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Log(u64),
    Snapshot(u64),
    Unfinished,
    Foreign,
}

pub fn named(name: &str) -> Named {
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    if name.ends_with(UNFINISHED) {
        Named::Unfinished
    } else if let Some(number) = name.strip_prefix(LOG).and_then(number) {
        Named::Log(number)
    } else if let Some(revision) = name.strip_prefix(SNAPSHOT).and_then(number) {
        Named::Snapshot(revision)
    } else {
        Named::Foreign
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub number: u64,
    /// Revisions from here on are in this segment or a later one.
    pub next_revision: u64,
    pub bytes: u64,
}

/// The committer adds to it, the checkpoint takes away.
#[derive(Debug, Default)]
pub struct Files {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    segments: Vec<Segment>,
    snapshot_bytes: u64,
}

impl Files {
    pub fn new(segments: Vec<Segment>, snapshot_bytes: u64) -> Files {
        Files { inner: Mutex::new(Inner { segments, snapshot_bytes }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, segment: Segment) {
        self.inner().segments.push(segment);
    }

    /// The active segment has grown.
    pub fn grow(&self, bytes: u64) {
        if let Some(active) = self.inner().segments.last_mut() {
            active.bytes += bytes;
        }
    }

    pub fn total(&self) -> u64 {
        let inner = self.inner();
        inner.snapshot_bytes + inner.segments.iter().map(|segment| segment.bytes).sum::<u64>()
    }

    /// How many bytes of log a snapshot at `floor` would make superfluous.
    pub fn reclaimable(&self, floor: u64) -> u64 {
        let inner = self.inner();
        inner.segments[..obsolete(&inner.segments, floor)].iter().map(|segment| segment.bytes).sum()
    }

    /// A snapshot at `floor` stands: takes out the segments that nobody needs any more.
    pub fn replace(&self, floor: u64, snapshot_bytes: u64) -> Vec<Segment> {
        let mut inner = self.inner();
        inner.snapshot_bytes = snapshot_bytes;
        let count = obsolete(&inner.segments, floor);
        inner.segments.drain(..count).collect()
    }
}

/// How many of the first segments hold nothing above `floor`. The last is never among them.
pub fn obsolete(segments: &[Segment], floor: u64) -> usize {
    segments.iter().skip(1).take_while(|next| next.next_revision <= floor + 1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_are() {
        assert_eq!(named(&log_name(255)), Named::Log(255));
        assert_eq!(named(&snapshot_name(u64::MAX)), Named::Snapshot(u64::MAX));
        assert_eq!(named(&unfinished(&snapshot_name(1))), Named::Unfinished);
        assert_eq!(named("log-x"), Named::Foreign);
        assert_eq!(named("lost+found"), Named::Foreign);
        assert!(log_name(9) < log_name(16));
    }

    #[test]
    fn a_segment_is_obsolete_once_the_next_begins_below_the_floor() {
        let segments: Vec<Segment> =
            [2, 5, 5, 9].into_iter().map(|next_revision| Segment { number: 0, next_revision, bytes: 1 }).collect();
        let check = |floor: u64, expect: usize| assert_eq!(obsolete(&segments, floor), expect, "floor {floor}");
        check(0, 0);
        check(3, 0);
        check(4, 2);
        check(7, 2);
        check(8, 3);
        check(99, 3);
    }
}
