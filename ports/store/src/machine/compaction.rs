//! Forgetting.

use super::{Machine, Wakes};
use crate::Error;

impl Machine {
    /// Whether `at` can be compacted now.
    pub fn check_compact(&self, at: u64) -> Result<(), Error> {
        if at <= self.oldest {
            return Err(Error::Compacted { oldest: self.oldest });
        }
        if at > self.published {
            return Err(Error::FutureRevision { asked: at, newest: self.published });
        }
        Ok(())
    }

    /// From now on nothing before `at` is answered; watchers who had not read so far are told. [`Machine::prune`] frees
    /// the memory. Replaying a log, `at` may be one that a snapshot has already outrun.
    pub fn compact(&mut self, at: u64) -> Wakes {
        self.oldest = self.oldest.max(at);
        self.watchers.compacted(self.oldest)
    }

    /// The last revision of which nothing but the state it left is needed.
    pub fn floor(&self) -> u64 {
        self.oldest - 1
    }

    /// Keeps the state of the floor readable by [`Machine::page`] until unpinned.
    pub fn pin(&mut self) -> u64 {
        let floor = self.floor();
        self.pin = Some(floor);
        floor
    }

    pub fn unpin(&mut self) {
        self.pin = None;
    }

    /// Drops what compaction made unreadable, looking at no more than `limit` changes; true when there is more to do.
    pub fn prune(&mut self, limit: usize) -> bool {
        let floor = self.pin.map_or(self.floor(), |pin| pin.min(self.floor()));
        for _ in 0..limit {
            let Some(change) = self.history.pop_up_to(floor) else { return false };
            self.prune_key(&change.key, floor);
        }
        true
    }

    fn prune_key(&mut self, key: &str, floor: u64) {
        // The key is absent when a later change of it was pruned first, within the same floor.
        let Some(chain) = self.index.get_mut(key) else { return };
        let mut freed = 0;
        if !chain.prune(floor, |version| freed += version.weight(key)) {
            self.index.remove(key);
        }
        self.total_bytes -= freed;
    }
}
