//! The state machine: every key's versions, the history of changes, the watchers.
//!
//! Two revisions matter. `sequenced` is the last that was decided: transactions are judged against it, so that many can
//! be on their way to the disk at once. `published` is the last that the engine called durable: reads and watches stop
//! there. The memory engine publishes at once, the disk engine after its sync.
//!
//! Compacting at a revision keeps that revision readable *and* watchable, so versions are kept back to the one before
//! it (the floor). Pruning follows in steps, so that no caller waits for a long one.

mod chain;
mod compaction;
mod entry;
mod evaluate;
mod expiries;
mod history;
mod read;
mod restore;
#[cfg(test)]
mod tests;
mod watchers;

pub use entry::{Deadline, Entry, Write};
pub use evaluate::Sequenced;
pub use restore::{Restored, Restoring};
pub use watchers::{Wakes, Watcher};

use chain::{Chain, Version};
use expiries::Expiries;
use history::History;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::sync::Arc;
use watchers::Watchers;

/// The revision of a store to which nothing was ever written, as etcd counts.
pub const FIRST_REVISION: u64 = 1;

#[derive(Debug)]
pub struct Machine {
    index: BTreeMap<Arc<str>, Chain>,
    history: History,
    watchers: Watchers,
    expiries: Expiries,
    sequenced: u64,
    published: u64,
    oldest: u64,
    pin: Option<u64>,
    live_bytes: u64,
    total_bytes: u64,
}

impl Default for Machine {
    fn default() -> Machine {
        Machine {
            index: BTreeMap::new(),
            history: History::default(),
            watchers: Watchers::default(),
            expiries: Expiries::default(),
            sequenced: FIRST_REVISION,
            published: FIRST_REVISION,
            oldest: FIRST_REVISION,
            pin: None,
            live_bytes: 0,
            total_bytes: 0,
        }
    }
}

impl Machine {
    pub fn new() -> Machine {
        Machine::default()
    }

    pub fn sequenced(&self) -> u64 {
        self.sequenced
    }

    pub fn published(&self) -> u64 {
        self.published
    }

    /// The first revision that can be read and watched.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    pub fn size(&self) -> crate::Size {
        crate::Size { total: self.total_bytes, live: self.live_bytes }
    }

    /// Makes everything up to `revision` visible. The wakes are sent by the caller once it has let go of the machine.
    pub fn publish(&mut self, revision: u64) -> Wakes {
        debug_assert!(revision <= self.sequenced, "{revision} was never sequenced");
        let fresh = self.history.after(self.published);
        self.published = self.published.max(revision);
        self.watchers.notice(fresh.take_while(|change| change.revision <= revision), self.published)
    }

    /// Takes back what was sequenced and not published: the disk refused it.
    pub fn roll_back(&mut self) {
        while let Some(change) = self.history.pop_after(self.published) {
            self.undo(&change.key);
        }
        self.sequenced = self.published;
    }

    fn undo(&mut self, key: &Arc<str>) {
        let Some(chain) = self.index.get_mut(key) else { return };
        let (weight, live, expires) = figures(chain.newest(), key);
        self.total_bytes -= weight;
        self.live_bytes -= live;
        if chain.pop() {
            let (_, live, exposed) = figures(chain.newest(), key);
            self.live_bytes += live;
            self.expiries.replace(key, expires, exposed);
        } else {
            self.expiries.replace(key, expires, None);
            self.index.remove(key);
        }
    }

    /// Puts an entry on top: from a transaction, or from the log when the engine opens.
    pub fn apply(&mut self, entry: &Entry) {
        debug_assert_eq!(entry.revision, self.sequenced + 1, "revisions have no gaps");
        self.sequenced = entry.revision;
        for write in &entry.writes {
            self.apply_write(entry.revision, write);
        }
    }

    fn apply_write(&mut self, revision: u64, write: &Write) {
        let place = self.index.entry(write.key.clone());
        let (key, weight, live, old_live, old_expires);
        match place {
            Vacant(place) => {
                let version = Version::after(None, revision, write);
                key = place.key().clone();
                (weight, live, _) = figures(&version, &key);
                (old_live, old_expires) = (0, None);
                place.insert(Chain::new(version));
            }
            Occupied(mut place) => {
                let version = Version::after(Some(place.get().newest()), revision, write);
                key = place.key().clone();
                (weight, live, _) = figures(&version, &key);
                (_, old_live, old_expires) = figures(place.get().newest(), &key);
                place.get_mut().push(version);
            }
        }
        self.total_bytes += weight;
        self.live_bytes = self.live_bytes + live - old_live;
        self.expiries.replace(&key, old_expires, write.expires);
        self.history.push(revision, key);
    }
}

fn figures(version: &Version, key: &str) -> (u64, u64, Option<Deadline>) {
    (version.weight(key), version.live_weight(key), version.expires)
}
