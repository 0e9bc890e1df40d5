//! Which keys changed, in the order of revisions, since the last compaction. The values are in the keys' chains.

use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Change {
    pub revision: u64,
    pub key: Arc<str>,
}

#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Change>,
}

impl History {
    pub fn push(&mut self, revision: u64, key: Arc<str>) {
        debug_assert!(self.changes.back().is_none_or(|last| last.revision <= revision));
        self.changes.push_back(Change { revision, key });
    }

    /// The changes later than `revision`, oldest first.
    pub fn after(&self, revision: u64) -> impl Iterator<Item = &Change> {
        let begin = self.changes.partition_point(|change| change.revision <= revision);
        self.changes.range(begin..)
    }

    /// Takes the last change off if it is later than `revision`.
    pub fn pop_after(&mut self, revision: u64) -> Option<Change> {
        let later = self.changes.back()?.revision > revision;
        later.then(|| self.changes.pop_back()).flatten()
    }

    /// Takes the first change off if it is not later than `revision`.
    pub fn pop_up_to(&mut self, revision: u64) -> Option<Change> {
        let reached = self.changes.front()?.revision <= revision;
        reached.then(|| self.changes.pop_front()).flatten()
    }
}
