//! The ledger: what the store has acknowledged, written down outside of it, so that a restarted store, a read or a watch
//! can be held against it.

mod book;
mod witnessed;

use crate::timeline::{Timeline, digest};
use book::{Book, Entry};
use meta::Object;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Error, Op, Range, Record, Store};
pub use witnessed::Witnessed;

/// Keys of the simulation itself, of which no promise is kept.
pub const OWN: &str = "/sim/";

/// A write on its way: whoever holds this has not been told of its outcome.
pub struct UnderWay(u64);

#[derive(Clone)]
pub struct Ledger {
    timeline: Timeline,
    book: Arc<Mutex<Book>>,
}

impl Ledger {
    pub fn new(timeline: Timeline) -> Ledger {
        Ledger { timeline, book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, ops: &[Op]) -> UnderWay {
        UnderWay(self.book().begin(ops))
    }

    fn refused(&self, way: &UnderWay) {
        self.book().under_way.remove(&way.0);
    }

    fn note(&self, way: &UnderWay, ops: &[Op], revision: u64) {
        let mut book = self.book();
        book.under_way.remove(&way.0);
        let puts = ops.iter().any(|op| matches!(op, Op::Put { .. }));
        if let (true, Some(before)) = (puts, book.changes.get(&revision)) {
            let before: Vec<&Arc<str>> = before.iter().map(|told| &told.key).collect();
            self.timeline.violation(format_args!("revision {revision} was given twice: {before:?}"));
        }
        for op in ops {
            self.trace(op, revision);
            book.note(op, revision);
        }
    }

    /// Nodes tell facts of the machine below, which a seed does not decide.
    fn trace(&self, op: &Op, revision: u64) {
        let value: &[u8] = match op {
            Op::Put { value, key, .. } if !key.starts_with("/registry/minions/") => value,
            _ => &[],
        };
        self.timeline.commit(op.key(), revision, value);
    }

    /// A client was told of this revision.
    pub fn promise(&self, revision: u64) {
        let mut book = self.book();
        book.promised = book.promised.max(revision);
    }

    /// The newest revision that any client was told.
    pub fn promised(&self) -> u64 {
        self.book().promised
    }

    fn compacted_at(&self, at: u64) {
        let mut book = self.book();
        book.compacted = book.compacted.max(at);
    }

    /// Nothing before this revision can be read any more.
    pub fn compacted(&self) -> u64 {
        self.book().compacted
    }

    /// The acknowledged changes of keys below a prefix, within a range of revisions.
    pub fn changes(&self, prefix: &str, within: RangeInclusive<u64>) -> BTreeMap<(u64, Arc<str>), Option<u64>> {
        let book = self.book();
        let all = book.changes.range(within).flat_map(|(revision, all)| all.iter().map(move |told| (*revision, told)));
        let below = all.filter(|(_, told)| told.key.starts_with(prefix));
        below.map(|(revision, told)| ((revision, told.key.clone()), told.digest)).collect()
    }

    /// What was acknowledged of a key at a revision, if anything was.
    pub fn told(&self, key: &str, revision: u64) -> Option<Option<u64>> {
        self.book().changes.get(&revision)?.iter().find(|told| *told.key == *key).map(|told| told.digest)
    }

    /// Holds what was read below a prefix at a revision against what was acknowledged by then.
    pub fn contradictions(&self, prefix: &str, at: u64, found: &[Record]) -> Vec<String> {
        let book = self.book();
        let there: BTreeMap<&str, &Record> = found.iter().map(|record| (&*record.key, record)).collect();
        let known = book
            .histories
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let wrong = known.filter_map(|(key, history)| {
            let why = history.contradiction(at, there.get(&**key).copied(), book.is_uncertain(key))?;
            Some(format!("{key} read at {at}: {why}"))
        });
        wrong.collect()
    }

    /// Everything that certainly lives and that one of these is the identity of.
    pub fn living(&self, uids: &BTreeSet<&str>) -> Vec<Object> {
        let book = self.book();
        let all = book.newest.iter().filter(|(key, _)| !book.is_uncertain(key));
        let objects = all.filter_map(|(_, entry)| Object::from_stored(entry.value.clone()?, entry.revision).ok());
        objects.filter(|object| uids.contains(object.header.uid.as_str())).collect()
    }

    /// Compares the store with what was acknowledged. After a crash it also takes over what the store holds: what was
    /// uncertain is known now.
    pub async fn audit(&self, store: &dyn Store, after_crash: bool) -> Result<u64, Error> {
        let found = store.range(Range::between("", None)).await?;
        let mut book = self.book();
        if found.revision < book.promised {
            let (promised, stands) = (book.promised, found.revision);
            self.timeline.violation(format_args!("revision {promised} was acknowledged, the store stands at {stands}"));
        }
        book.compare(&found.records).iter().for_each(|wrong| self.timeline.violation(wrong));
        if after_crash {
            book.take_over(found.records, found.revision);
        }
        Ok(found.revision)
    }

    /// Lets go of changes that no store can show any more.
    pub fn forget(&self) {
        self.book().forget();
    }
}

fn value_of(op: &Op) -> Option<u64> {
    match op {
        Op::Put { value, .. } => Some(digest(value)),
        Op::Delete { .. } => None,
    }
}

impl Entry {
    fn of(op: &Op, revision: u64) -> Entry {
        match op {
            Op::Put { value, ttl, .. } => Entry { revision, value: Some(value.clone()), expires: ttl.is_some() },
            Op::Delete { .. } => Entry { revision, value: None, expires: false },
        }
    }
}
