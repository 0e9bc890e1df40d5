//! The ledger: what the store has acknowledged, written down outside of it, so that a restarted store can be compared.

use crate::timeline::Timeline;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use meta::Object;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Error, Op, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};

/// What the API server writes for a while only.
const EXPIRING: &str = "/registry/events/";

/// The newest acknowledged state of one key; without a value it was deleted.
#[derive(Clone, Debug)]
struct Entry {
    revision: u64,
    value: Option<Bytes>,
    /// The store itself deletes it when its time is over.
    expires: bool,
}

#[derive(Clone)]
pub struct Ledger {
    timeline: Timeline,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    newest: BTreeMap<Arc<str>, Entry>,
    /// Every acknowledged change, for watches to be checked against.
    changes: BTreeMap<u64, Vec<Arc<str>>>,
    /// Keys with a write whose outcome nobody was told, and whether it was a deletion.
    uncertain: BTreeSet<(Arc<str>, bool)>,
    /// The newest revision that any client was told.
    promised: u64,
}

impl Ledger {
    pub fn new(timeline: Timeline) -> Ledger {
        Ledger { timeline, book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, ops: &[Op]) {
        self.book().uncertain.extend(ops.iter().map(uncertainty));
    }

    fn refused(&self, ops: &[Op]) {
        let mut book = self.book();
        for op in ops {
            book.uncertain.remove(&uncertainty(op));
        }
    }

    fn note(&self, ops: &[Op], revision: u64) {
        self.refused(ops);
        let mut book = self.book();
        let puts = ops.iter().any(|op| matches!(op, Op::Put { .. }));
        if let (true, Some(before)) = (puts, book.changes.get(&revision)) {
            self.timeline.violation(format_args!("revision {revision} was given twice: {before:?}"));
        }
        for op in ops {
            self.trace(op, revision);
            let (value, expires) = match op {
                Op::Put { value, ttl, .. } => (Some(value.clone()), ttl.is_some()),
                Op::Delete { .. } => (None, false),
            };
            let entry = Entry { revision, value, expires };
            let newest = book.newest.entry(op.key().clone()).or_insert_with(|| entry.clone());
            if newest.revision < revision {
                *newest = entry;
            }
        }
        book.promised = book.promised.max(revision);
        book.changes.entry(revision).or_default().extend(ops.iter().map(|op| op.key().clone()));
    }

    /// A client was told of this revision.
    pub fn promise(&self, revision: u64) {
        let mut book = self.book();
        book.promised = book.promised.max(revision);
    }

    /// Nodes tell facts of the machine below, which a seed does not decide.
    fn trace(&self, op: &Op, revision: u64) {
        let value: &[u8] = match op {
            Op::Put { value, key, .. } if !key.starts_with("/registry/minions/") => value,
            _ => &[],
        };
        self.timeline.commit(op.key(), revision, value);
    }

    /// The acknowledged revisions within a range that changed a key below a prefix.
    pub fn changes(&self, prefix: &str, within: RangeInclusive<u64>) -> BTreeSet<u64> {
        let book = self.book();
        let below = |keys: &Vec<Arc<str>>| keys.iter().any(|key| key.starts_with(prefix));
        book.changes.range(within).filter(|(_, keys)| below(keys)).map(|(revision, _)| *revision).collect()
    }

    /// Everything that certainly lives.
    pub fn living(&self) -> Vec<Object> {
        let book = self.book();
        let certain =
            |key: &Arc<str>| ![true, false].iter().any(|deleted| book.uncertain.contains(&(key.clone(), *deleted)));
        let all = book.newest.iter().filter(|(key, _)| certain(key));
        all.filter_map(|(_, entry)| Object::from_stored(entry.value.clone()?, entry.revision).ok()).collect()
    }

    /// Compares the store with what was acknowledged, and takes over what it holds: what was uncertain is known now.
    pub async fn audit(&self, store: &dyn Store) -> Result<u64, Error> {
        let found = store.range(Range::prefix("/registry/")).await?;
        let there: BTreeMap<&str, &Record> = found.records.iter().map(|record| (&*record.key, record)).collect();
        let mut book = self.book();
        if found.revision < book.promised {
            let (promised, stands) = (book.promised, found.revision);
            self.timeline.violation(format_args!("revision {promised} was acknowledged, the store stands at {stands}"));
        }
        for (key, entry) in &book.newest {
            let unsure = book.uncertain.contains(&(key.clone(), true));
            if let Some(why) = entry.contradiction(there.get(&**key).copied(), unsure) {
                self.timeline.violation(format_args!("{key} at {}: {why}", entry.revision));
            }
        }
        book.take_over(found.records);
        Ok(found.revision)
    }
}

/// What is uncertain while an operation is on its way.
fn uncertainty(op: &Op) -> (Arc<str>, bool) {
    (op.key().clone(), matches!(op, Op::Delete { .. }))
}

impl Book {
    fn take_over(&mut self, records: Vec<Record>) {
        let expiring: BTreeSet<Arc<str>> =
            self.newest.iter().filter(|(_, entry)| entry.expires).map(|(key, _)| key.clone()).collect();
        let entry = |record: Record| {
            let expires = expiring.contains(&record.key) || record.key.starts_with(EXPIRING);
            (record.key, Entry { revision: record.modified, value: Some(record.value), expires })
        };
        self.newest = records.into_iter().map(entry).collect();
        self.uncertain.clear();
    }
}

impl Entry {
    /// What is there may be newer than what was acknowledged, never older.
    fn contradiction(&self, record: Option<&Record>, may_be_deleted: bool) -> Option<&'static str> {
        match (&self.value, record) {
            (Some(_), None) if !self.expires && !may_be_deleted => Some("an acknowledged object is gone"),
            (Some(_), Some(record)) if record.modified < self.revision => Some("an acknowledged write is lost"),
            (Some(value), Some(record)) if record.modified == self.revision && record.value != value => {
                Some("an acknowledged write has changed")
            }
            (None, Some(record)) if record.created < self.revision => Some("an acknowledged deletion is lost"),
            _ => None,
        }
    }
}

/// A store whose acknowledgements go into the ledger.
pub struct Witnessed {
    pub store: Arc<dyn Store>,
    pub ledger: Ledger,
}

impl Store for Witnessed {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        self.store.get(key, at)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        self.store.range(range)
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        async move {
            let ops = txn.ops.clone();
            self.ledger.begin(&ops);
            match self.store.txn(txn).await {
                Ok(answer) if answer.succeeded => {
                    self.ledger.note(&ops, answer.revision);
                    Ok(answer)
                }
                Err(unknown @ Error::OutcomeUnknown { .. }) => Err(unknown),
                refused => {
                    self.ledger.refused(&ops);
                    refused
                }
            }
        }
        .boxed()
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        self.store.watch(from)
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.store.progress()
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        self.store.compact(at)
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        self.store.revision()
    }

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        self.store.size()
    }
}
