//! The versions of one key.

use super::{Deadline, Write};
use crate::Record;
use bytes::Bytes;
use std::sync::Arc;

/// What a record takes on a disk beside its key and value: three revisions and two lengths.
const RECORD_OVERHEAD: u64 = 34;

#[derive(Clone, Debug)]
pub(super) struct Version {
    pub modified: u64,
    /// 0 in a tombstone.
    pub created: u64,
    /// 0 in a tombstone.
    pub version: u64,
    /// None: the key was deleted in this revision.
    pub value: Option<Bytes>,
    pub expires: Option<Deadline>,
}

impl Version {
    pub fn after(previous: Option<&Version>, modified: u64, write: &Write) -> Version {
        let Some(value) = &write.value else {
            return Version { modified, created: 0, version: 0, value: None, expires: None };
        };
        let (created, version) = match previous.filter(|previous| previous.alive()) {
            Some(previous) => (previous.created, previous.version + 1),
            None => (modified, 1),
        };
        Version { modified, created, version, value: Some(value.clone()), expires: write.expires }
    }

    pub fn alive(&self) -> bool {
        self.value.is_some()
    }

    pub fn record(&self, key: &Arc<str>) -> Option<Record> {
        let value = self.value.clone()?;
        let (created, modified, version) = (self.created, self.modified, self.version);
        Some(Record { key: key.clone(), value, created, modified, version })
    }

    pub fn weight(&self, key: &str) -> u64 {
        RECORD_OVERHEAD + (key.len() + self.value.as_ref().map_or(0, Bytes::len)) as u64
    }

    pub fn live_weight(&self, key: &str) -> u64 {
        if self.alive() { self.weight(key) } else { 0 }
    }
}

/// At least one version, in the order of revisions. The newest lies apart because nearly every read wants it and nearly
/// every key has no other.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    newest: Version,
    older: Vec<Version>,
}

impl Chain {
    pub fn new(only: Version) -> Chain {
        Chain { newest: only, older: Vec::new() }
    }

    pub fn newest(&self) -> &Version {
        &self.newest
    }

    pub fn push(&mut self, next: Version) {
        self.older.push(std::mem::replace(&mut self.newest, next));
    }

    /// Takes the newest version off; false when it was the only one and the chain is to be dropped.
    pub fn pop(&mut self) -> bool {
        match self.older.pop() {
            Some(exposed) => {
                self.newest = exposed;
                true
            }
            None => false,
        }
    }

    /// The version that was the newest at `revision`; it may be a tombstone.
    pub fn at(&self, revision: u64) -> Option<&Version> {
        if self.newest.modified <= revision {
            return Some(&self.newest);
        }
        let later = self.older.partition_point(|version| version.modified <= revision);
        self.older[..later].last()
    }

    /// Of all versions.
    #[cfg(test)]
    pub fn weight(&self, key: &str) -> u64 {
        self.older.iter().chain([&self.newest]).map(|version| version.weight(key)).sum()
    }

    /// Drops what no revision after `floor` shows, calling `drop` for each version; false when nothing is left.
    pub fn prune(&mut self, floor: u64, mut drop: impl FnMut(&Version)) -> bool {
        if self.newest.modified <= floor {
            self.older.drain(..).for_each(|version| drop(&version));
            if !self.newest.alive() {
                drop(&self.newest);
            }
            return self.newest.alive();
        }
        let within = self.older.partition_point(|version| version.modified <= floor);
        let keep_last = within > 0 && self.older[within - 1].alive();
        self.older.drain(..within - usize::from(keep_last)).for_each(|version| drop(&version));
        self.older.shrink_to(self.older.len() * 2);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(story: &[(u64, bool)]) -> Chain {
        let write = |alive: bool| Write { key: "k".into(), value: alive.then(Bytes::new), expires: None };
        let mut chain = Chain::new(Version::after(None, story[0].0, &write(story[0].1)));
        for (revision, alive) in &story[1..] {
            chain.push(Version::after(Some(chain.newest()), *revision, &write(*alive)));
        }
        chain
    }

    #[test]
    fn pruning_keeps_what_later_revisions_show() {
        let check = |story: &[(u64, bool)], floor: u64, expect: &[u64]| {
            let mut chain = chain(story);
            let kept = chain.prune(floor, |_| ());
            let left: Vec<u64> = chain.older.iter().chain([&chain.newest]).map(|version| version.modified).collect();
            assert_eq!(if kept { left } else { vec![] }, expect, "{story:?} pruned at {floor}");
        };
        let story = [(2, true), (4, true), (6, false), (8, true)];
        check(&story, 1, &[2, 4, 6, 8]);
        check(&story, 2, &[2, 4, 6, 8]);
        check(&story, 5, &[4, 6, 8]);
        check(&story, 6, &[8]);
        check(&story, 9, &[8]);
        check(&story[..3], 5, &[4, 6]);
        check(&story[..3], 6, &[]);
    }

    #[test]
    fn a_version_counts_the_writes_of_one_life() {
        let chain = chain(&[(2, true), (4, true), (6, false), (8, true), (9, true)]);
        let numbers = |revision| chain.at(revision).map(|v| (v.created, v.version));
        assert_eq!(numbers(1), None);
        assert_eq!(numbers(3), Some((2, 1)));
        assert_eq!(numbers(5), Some((2, 2)));
        assert_eq!(numbers(7), Some((0, 0)));
        assert_eq!(numbers(8), Some((8, 1)));
        assert_eq!(numbers(99), Some((8, 2)));
    }
}
