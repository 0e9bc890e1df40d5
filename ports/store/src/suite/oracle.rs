//! The plainest store that can be thought of: a copy of everything for each revision.

use crate::machine::FIRST_REVISION;
use crate::{Event, Op, Record, Txn, TxnAnswer};
use std::collections::BTreeMap;
use std::sync::Arc;

pub type State = BTreeMap<Arc<str>, Record>;

#[derive(Clone, Debug)]
pub struct Oracle {
    base: u64,
    oldest: u64,
    /// One a revision, the first is that of `base`.
    states: Vec<State>,
    /// One a revision after `base`.
    changes: Vec<Vec<Event>>,
}

impl Default for Oracle {
    fn default() -> Oracle {
        Oracle::from(FIRST_REVISION)
    }
}

impl Oracle {
    /// An oracle of what happens after `base`, knowing nothing of the time before.
    pub fn from(base: u64) -> Oracle {
        Oracle { base, oldest: base, states: vec![State::new()], changes: Vec::new() }
    }

    pub fn revision(&self) -> u64 {
        self.base + self.changes.len() as u64
    }

    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    pub fn newest(&self) -> &State {
        self.states.last().expect("there is always a state")
    }

    pub fn state(&self, at: u64) -> &State {
        &self.states[(at - self.base) as usize]
    }

    /// All events of `from` and later, with the values they replaced.
    pub fn events(&self, from: u64) -> Vec<Event> {
        let skip = (from.max(self.base + 1) - self.base - 1) as usize;
        self.changes.iter().skip(skip).flatten().cloned().collect()
    }

    pub fn events_of(&self, revision: u64) -> &[Event] {
        &self.changes[(revision - self.base - 1) as usize]
    }

    pub fn txn(&mut self, txn: &Txn) -> TxnAnswer {
        let newest = self.newest();
        if !txn.compares.iter().all(|compare| compare.expect.holds(newest.get(&compare.key))) {
            let records = txn.on_failure_read.iter().map(|key| newest.get(key).cloned()).collect();
            return TxnAnswer { revision: self.revision(), succeeded: false, records };
        }
        let revision = self.revision() + 1;
        let events: Vec<Event> = txn.ops.iter().filter_map(|op| event_of(newest, op, revision)).collect();
        if !events.is_empty() {
            self.push(events);
        }
        TxnAnswer { revision: self.revision(), succeeded: true, records: Vec::new() }
    }

    fn push(&mut self, events: Vec<Event>) {
        let mut state = self.newest().clone();
        for event in &events {
            match event {
                Event::Put { record, .. } => state.insert(record.key.clone(), record.clone()),
                Event::Delete { key, .. } => state.remove(key),
            };
        }
        self.states.push(state);
        self.changes.push(events);
    }

    pub fn compact(&mut self, at: u64) {
        self.oldest = self.oldest.max(at);
    }

    /// What a crash took back never happened.
    pub fn truncate(&mut self, revision: u64) {
        let kept = (revision - self.base) as usize;
        self.changes.truncate(kept);
        self.states.truncate(kept + 1);
    }
}

fn event_of(state: &State, op: &Op, revision: u64) -> Option<Event> {
    let previous = state.get(op.key()).cloned();
    match op {
        Op::Put { key, value, .. } => {
            let created = previous.as_ref().map_or(revision, |old| old.created);
            let version = previous.as_ref().map_or(1, |old| old.version + 1);
            let record = Record { key: key.clone(), value: value.clone(), created, modified: revision, version };
            Some(Event::Put { record, previous })
        }
        Op::Delete { key } => previous.map(|old| Event::Delete { key: key.clone(), revision, previous: Some(old) }),
    }
}
