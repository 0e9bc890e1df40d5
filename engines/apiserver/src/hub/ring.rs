//! The latest changes of a kind, numbered without gaps.

use super::Change;
use std::collections::VecDeque;
use std::sync::Arc;

/// Changes kept for watchers that resume. Upstream's cache keeps at most 102,400 of a busy kind.
const MOST: usize = 65_536;

#[derive(Default)]
pub(super) struct Ring {
    changes: VecDeque<Arc<Change>>,
    /// The number of the first change that is still here.
    tail: u64,
    /// Every change after this revision is here.
    complete_after: u64,
}

impl Ring {
    pub fn new(revision: u64) -> Ring {
        Ring { complete_after: revision, ..Ring::default() }
    }

    /// Returns the change's number.
    pub fn push(&mut self, change: Arc<Change>) -> u64 {
        if self.changes.len() == MOST
            && let Some(lost) = self.changes.pop_front()
        {
            self.complete_after = lost.revision;
            self.tail += 1;
        }
        self.changes.push_back(change);
        self.end() - 1
    }

    /// The number that the next change will get.
    pub fn end(&self) -> u64 {
        self.tail + self.changes.len() as u64
    }

    /// The number of the first change after a revision; None when some of those are gone.
    pub fn after(&self, revision: u64) -> Option<u64> {
        let skip = self.changes.partition_point(|change| change.revision <= revision) as u64;
        (revision >= self.complete_after).then_some(self.tail + skip)
    }

    pub fn get(&self, number: u64) -> Option<&Arc<Change>> {
        self.changes.get(number.checked_sub(self.tail)? as usize)
    }

    /// The change of exactly this revision.
    pub fn number_of(&self, revision: u64) -> Option<u64> {
        let place = self.changes.binary_search_by_key(&revision, |change| change.revision).ok()?;
        Some(self.tail + place as u64)
    }

    pub fn replace(&mut self, number: u64, change: Change) {
        let place = number.checked_sub(self.tail).and_then(|place| self.changes.get_mut(place as usize));
        if let Some(place) = place {
            *place = Arc::new(change);
        }
    }

    /// From a number on; None when the ring has moved past it.
    pub fn from(&self, number: u64) -> Option<impl Iterator<Item = (u64, &Arc<Change>)>> {
        let skip = number.checked_sub(self.tail)? as usize;
        let rest = self.changes.range(skip.min(self.changes.len())..);
        Some((number..).zip(rest))
    }

    /// Forgets everything: whoever is on the way has lost it.
    pub fn cut(&mut self, revision: u64) {
        self.tail += self.changes.len() as u64 + 1;
        self.changes.clear();
        self.complete_after = revision;
    }
}
