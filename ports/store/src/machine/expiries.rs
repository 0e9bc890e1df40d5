//! Which keys end when: the newest sequenced version of each key that has a deadline.

use super::Deadline;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Expiries {
    by_time: BTreeSet<(Deadline, Arc<str>)>,
}

impl Expiries {
    pub fn replace(&mut self, key: &Arc<str>, old: Option<Deadline>, new: Option<Deadline>) {
        if let Some(old) = old {
            self.by_time.remove(&(old, key.clone()));
        }
        if let Some(new) = new {
            self.by_time.insert((new, key.clone()));
        }
    }

    pub fn next(&self) -> Option<Deadline> {
        self.by_time.first().map(|(deadline, _)| *deadline)
    }

    pub fn due(&self, now: Deadline, limit: usize) -> Vec<Arc<str>> {
        self.by_time
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .take(limit)
            .map(|(_, key)| key.clone())
            .collect()
    }
}
