//! The bookkeeping itself.

use super::{OWN, value_of};
use crate::prober::PREFIX;
use crate::timeline::digest;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Op, Record};

/// What the API server writes for a while only.
const EXPIRING: &str = "/registry/events/";

/// The newest acknowledged state of one key; without a value it was deleted.
#[derive(Clone, Debug)]
pub struct Entry {
    pub revision: u64,
    pub value: Option<Bytes>,
    /// The store itself deletes it when its time is over.
    pub expires: bool,
}

/// One acknowledged change; without a digest a deletion.
pub struct Told {
    pub key: Arc<str>,
    pub digest: Option<u64>,
}

#[derive(Default)]
pub struct Book {
    pub newest: BTreeMap<Arc<str>, Entry>,
    /// Every acknowledged change, for watches to be held against.
    pub changes: BTreeMap<u64, Vec<Told>>,
    /// The past of the prober's keys, for reads of old revisions.
    pub histories: BTreeMap<Arc<str>, History>,
    /// Writes whose outcome nobody was told: each key, and whether it was a deletion.
    pub under_way: BTreeMap<u64, Vec<(Arc<str>, bool)>>,
    begun: u64,
    pub promised: u64,
    pub compacted: u64,
}

/// One key's past.
#[derive(Default)]
pub struct History {
    told: BTreeMap<u64, Option<u64>>,
    /// Between these nobody knows what was there.
    doubts: Vec<(u64, u64)>,
}

impl Book {
    pub fn begin(&mut self, ops: &[Op]) -> u64 {
        self.begun += 1;
        let keys = ops.iter().map(|op| (op.key().clone(), matches!(op, Op::Delete { .. })));
        self.under_way.insert(self.begun, keys.collect());
        self.begun
    }

    pub fn note(&mut self, op: &Op, revision: u64) {
        let entry = Entry::of(op, revision);
        let newest = self.newest.entry(op.key().clone()).or_insert_with(|| entry.clone());
        if newest.revision < revision {
            *newest = entry;
        }
        let told = Told { key: op.key().clone(), digest: value_of(op) };
        if told.key.starts_with(PREFIX) {
            self.histories.entry(told.key.clone()).or_default().told.insert(revision, told.digest);
        }
        self.changes.entry(revision).or_default().push(told);
        self.promised = self.promised.max(revision);
    }

    fn uncertainties(&self) -> impl Iterator<Item = &(Arc<str>, bool)> {
        self.under_way.values().flatten()
    }

    pub fn is_uncertain(&self, key: &str) -> bool {
        self.uncertainties().any(|(other, _)| **other == *key)
    }

    /// What contradicts what was acknowledged.
    pub fn compare(&self, found: &[Record]) -> Vec<String> {
        let there: BTreeMap<&str, &Record> = found.iter().map(|record| (&*record.key, record)).collect();
        let known = self.newest.iter().filter_map(|(key, entry)| {
            let why = entry.contradiction(there.get(&**key).copied(), self, key)?;
            Some(format!("{key} at {}: {why}", entry.revision))
        });
        let unknown = found.iter().filter(|record| {
            !record.key.starts_with(OWN) && !self.newest.contains_key(&record.key) && !self.is_uncertain(&record.key)
        });
        known.chain(unknown.map(|record| format!("{} was written by nobody", record.key))).collect()
    }

    pub fn take_over(&mut self, records: Vec<Record>, revision: u64) {
        self.settle_doubts(&records, revision);
        let mut entries: BTreeMap<Arc<str>, Entry> = BTreeMap::new();
        for record in records.into_iter().filter(|record| !record.key.starts_with(OWN)) {
            let expires =
                record.key.starts_with(EXPIRING) || self.newest.get(&record.key).is_some_and(|before| before.expires);
            entries.insert(record.key, Entry { revision: record.modified, value: Some(record.value), expires });
        }
        self.newest = entries;
        self.under_way.clear();
    }

    fn settle_doubts(&mut self, records: &[Record], revision: u64) {
        let doubtful: Vec<Arc<str>> = self.uncertainties().map(|(key, _)| key.clone()).collect();
        for key in doubtful {
            let Some(history) = self.histories.get_mut(&key) else { continue };
            let last = history.told.last_key_value().map_or(0, |(revision, _)| *revision);
            history.doubts.push((last + 1, revision));
            let found = records.iter().find(|record| record.key == key);
            let (at, digest) = found.map_or((revision, None), |found| (found.modified, Some(digest(&found.value))));
            history.told.entry(at).or_insert(digest);
        }
    }

    /// Forgets what was compacted away.
    pub fn forget(&mut self) {
        let compacted = self.compacted;
        self.changes = self.changes.split_off(&compacted);
        for history in self.histories.values_mut() {
            history.forget(compacted);
        }
        self.newest.retain(|_, entry| entry.value.is_some() || entry.revision >= compacted);
    }
}

impl History {
    fn forget(&mut self, before: u64) {
        let kept = self.told.range(..=before).next_back().map_or(0, |(revision, _)| *revision);
        self.told = self.told.split_off(&kept);
        self.doubts.retain(|(_, to)| *to >= before);
    }

    /// What is there may be newer than what was acknowledged by then, never older.
    pub fn contradiction(&self, at: u64, found: Option<&Record>, unsure: bool) -> Option<String> {
        if unsure || self.doubts.iter().any(|(from, to)| (*from..=*to).contains(&at)) {
            return None;
        }
        let (revision, told) = self.told.range(..=at).next_back()?;
        match (told, found) {
            (Some(_), None) => Some(format!("what was written at {revision} is not there")),
            (None, Some(found)) if found.modified <= *revision => {
                Some(format!("what was deleted at {revision} is there"))
            }
            (Some(_), Some(found)) if found.modified < *revision => Some(format!("is older than {revision}")),
            (Some(told), Some(found)) if found.modified == *revision && digest(&found.value) != *told => {
                Some(format!("is not what was written at {revision}"))
            }
            _ => None,
        }
    }
}

impl Entry {
    fn contradiction(&self, record: Option<&Record>, book: &Book, key: &str) -> Option<&'static str> {
        let unsure = |deleted| book.uncertainties().any(|(other, ends)| **other == *key && *ends == deleted);
        match (&self.value, record) {
            (Some(_), None) if !self.expires && !unsure(true) => Some("an acknowledged object is gone"),
            (Some(_), Some(record)) if record.modified < self.revision => Some("an acknowledged write is lost"),
            (Some(value), Some(record)) if record.modified == self.revision && record.value != value => {
                Some("an acknowledged write has changed")
            }
            (_, Some(record)) if record.modified > self.revision && !book.is_uncertain(key) => {
                Some("what stands there was written by nobody")
            }
            (None, Some(record)) if record.created < self.revision => Some("an acknowledged deletion is lost"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(modified: u64, value: &'static [u8]) -> Record {
        Record { key: "/probe/a".into(), value: Bytes::from_static(value), created: 1, modified, version: 1 }
    }

    fn put(value: &'static [u8]) -> Op {
        Op::Put { key: "/probe/a".into(), value: Bytes::from_static(value), ttl: None }
    }

    #[test]
    fn a_store_is_held_against_what_was_acknowledged() {
        let check = |found: &[Record], expect: &str| {
            let mut book = Book::default();
            book.note(&put(b"x"), 5);
            assert_eq!(book.compare(found).join(";"), expect, "{found:?}");
        };
        check(&[record(5, b"x")], "");
        check(&[], "/probe/a at 5: an acknowledged object is gone");
        check(&[record(4, b"w")], "/probe/a at 5: an acknowledged write is lost");
        check(&[record(5, b"y")], "/probe/a at 5: an acknowledged write has changed");
        check(&[record(6, b"y")], "/probe/a at 5: what stands there was written by nobody");
    }

    #[test]
    fn what_was_under_way_may_be_there_or_not() {
        let mut book = Book::default();
        book.note(&put(b"x"), 5);
        book.begin(&[put(b"y")]);
        assert_eq!((book.compare(&[record(5, b"x")]).len(), book.compare(&[record(6, b"y")]).len()), (0, 0));
        book.take_over(vec![record(6, b"y")], 6);
        assert_eq!(book.compare(&[record(5, b"x")]).len(), 1, "it is known now");
    }

    #[test]
    fn the_past_is_held_against_what_was_acknowledged() {
        let mut book = Book::default();
        book.note(&put(b"x"), 5);
        book.note(&Op::Delete { key: "/probe/a".into() }, 8);
        let history = &book.histories["/probe/a"];
        let found = record(5, b"x");
        assert_eq!(history.contradiction(6, Some(&found), false), None);
        assert_eq!(history.contradiction(6, None, false).as_deref(), Some("what was written at 5 is not there"));
        assert_eq!(history.contradiction(9, Some(&found), false).as_deref(), Some("what was deleted at 8 is there"));
        assert_eq!(history.contradiction(4, None, false), None);
    }
}
