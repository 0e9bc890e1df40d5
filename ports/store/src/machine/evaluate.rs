//! Deciding a transaction.

use super::{Deadline, Entry, Machine, Write};
use crate::{Compare, Error, Op, Record, Txn, TxnAnswer};
use std::sync::Arc;

/// A decided transaction. The answer may be given once `answer.revision` is published: even a failed compare tells of
/// writes that are not durable yet.
#[derive(Debug)]
pub struct Sequenced {
    pub answer: TxnAnswer,
    /// What the log must hold; None when nothing changed.
    pub entry: Option<Entry>,
}

impl Machine {
    pub fn sequence(&mut self, txn: Txn, now: Deadline) -> Result<Sequenced, Error> {
        txn.check()?;
        if !txn.compares.iter().all(|compare| self.holds(compare)) {
            let records = txn.on_failure_read.iter().map(|key| self.newest(key)).collect();
            return Ok(self.unchanged(false, records));
        }
        let writes: Vec<Write> = txn.ops.into_iter().filter_map(|op| self.write_of(op, now)).collect();
        if writes.is_empty() {
            return Ok(self.unchanged(true, Vec::new()));
        }
        let entry = self.advance(writes);
        let answer = TxnAnswer { revision: entry.revision, succeeded: true, records: Vec::new() };
        Ok(Sequenced { answer, entry: Some(entry) })
    }

    /// Deletes up to `limit` of the keys whose time has come.
    pub fn expire(&mut self, now: Deadline, limit: usize) -> Option<Entry> {
        let due = self.expiries.due(now, limit);
        let writes: Vec<Write> = due.into_iter().map(|key| Write { key, value: None, expires: None }).collect();
        (!writes.is_empty()).then(|| self.advance(writes))
    }

    pub fn next_deadline(&self) -> Option<Deadline> {
        self.expiries.next()
    }

    fn advance(&mut self, writes: Vec<Write>) -> Entry {
        let entry = Entry { revision: self.sequenced + 1, writes };
        self.apply(&entry);
        entry
    }

    fn unchanged(&self, succeeded: bool, records: Vec<Option<Record>>) -> Sequenced {
        Sequenced { answer: TxnAnswer { revision: self.sequenced, succeeded, records }, entry: None }
    }

    fn holds(&self, compare: &Compare) -> bool {
        compare.expect.holds(self.newest(&compare.key).as_ref())
    }

    fn newest(&self, key: &Arc<str>) -> Option<Record> {
        self.index.get(key)?.newest().record(key)
    }

    fn write_of(&self, op: Op, now: Deadline) -> Option<Write> {
        match op {
            Op::Put { key, value, ttl } => {
                Some(Write { key, value: Some(value), expires: ttl.map(|ttl| now.after(ttl)) })
            }
            Op::Delete { key } => {
                let alive = self.index.get(&key).is_some_and(|chain| chain.newest().alive());
                alive.then_some(Write { key, value: None, expires: None })
            }
        }
    }
}
