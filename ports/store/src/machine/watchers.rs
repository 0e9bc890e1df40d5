//! Who follows the changes, and how far each has come.
//!
//! A watcher holds no events: it is a place in the history, so a slow one costs nothing and cannot lose anything. It
//! notes the first revision that concerns it and that it has not read (`behind`); a compaction beyond that breaks it.

use super::Machine;
use super::history::Change;
use crate::{Batch, Error, WatchFrom};
use futures::task::AtomicWaker;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A batch ends with the revision in which it reaches this many events.
const BATCH_EVENTS: usize = 1024;
/// And a read ends after this many changes of other keys, so that a lagging reader does not hold up writers.
const BATCH_CHANGES: usize = 65_536;

#[derive(Debug)]
pub struct Watcher {
    prefix: Arc<str>,
    previous: bool,
    place: Mutex<Place>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Place {
    /// Earlier revisions are not this watcher's.
    next: u64,
    behind: Option<u64>,
    wants_mark: bool,
    /// The oldest revision kept when this watcher lost its place.
    broken: Option<u64>,
}

impl Watcher {
    /// Where to be woken when there may be something to read.
    pub fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        // Every critical section is a few assignments: there is no half-done state to fear.
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when the watcher is to be woken.
    fn notice(&self, change: &Change) -> bool {
        if !change.key.starts_with(&*self.prefix) {
            return false;
        }
        let mut place = self.place();
        if change.revision < place.next || place.behind.is_some() {
            return false;
        }
        place.behind = Some(change.revision);
        true
    }

    fn owes_mark(&self, published: u64) -> bool {
        let place = self.place();
        place.wants_mark && published + 1 >= place.next
    }

    fn break_before(&self, oldest: u64) -> bool {
        let mut place = self.place();
        let lost = place.behind.is_some_and(|behind| behind < oldest);
        if lost {
            place.broken = Some(oldest);
        }
        lost
    }
}

/// Watchers to wake, after the lock on the machine is released.
#[derive(Debug, Default)]
#[must_use]
pub struct Wakes(Vec<Arc<Watcher>>);

impl Wakes {
    pub fn send(self) {
        self.0.iter().for_each(|watcher| watcher.waker.wake());
    }

    pub fn and(mut self, other: Wakes) -> Wakes {
        self.0.extend(other.0);
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct Watchers(Vec<Arc<Watcher>>);

impl Watchers {
    pub fn notice<'a>(&self, changes: impl Iterator<Item = &'a Change>, published: u64) -> Wakes {
        let mut woken: Vec<Arc<Watcher>> = Vec::new();
        for change in changes {
            woken.extend(self.0.iter().filter(|watcher| watcher.notice(change)).cloned());
        }
        woken.extend(self.0.iter().filter(|watcher| watcher.owes_mark(published)).cloned());
        Wakes(woken)
    }

    pub fn compacted(&self, oldest: u64) -> Wakes {
        Wakes(self.0.iter().filter(|watcher| watcher.break_before(oldest)).cloned().collect())
    }
}

impl Machine {
    pub fn subscribe(&mut self, from: &WatchFrom) -> Arc<Watcher> {
        let next = from.from.unwrap_or(self.published + 1);
        let place = Place {
            next,
            behind: (next <= self.published).then_some(next),
            wants_mark: false,
            broken: (next < self.oldest).then_some(self.oldest),
        };
        let watcher = Arc::new(Watcher {
            prefix: from.prefix.clone(),
            previous: from.previous,
            place: Mutex::new(place),
            waker: AtomicWaker::new(),
        });
        self.watchers.0.push(watcher.clone());
        watcher
    }

    pub fn unsubscribe(&mut self, watcher: &Arc<Watcher>) {
        self.watchers.0.retain(|other| !Arc::ptr_eq(other, watcher));
    }

    /// Every watcher owes a sign of how far it has come.
    pub fn ask_for_marks(&self) -> Wakes {
        self.watchers.0.iter().for_each(|watcher| watcher.place().wants_mark = true);
        Wakes(self.watchers.0.clone())
    }

    /// What the watcher has not seen; None when it has seen everything that is published.
    pub fn read_watch(&self, watcher: &Watcher) -> Option<Result<Batch, Error>> {
        let mut place = watcher.place();
        if let Some(oldest) = place.broken {
            return Some(Err(Error::Compacted { oldest }));
        }
        if let Some(behind) = place.behind {
            let batch = self.collect(watcher, behind);
            place.behind = (batch.revision < self.published).then_some(batch.revision + 1);
            place.wants_mark &= place.behind.is_some();
            place.next = batch.revision + 1;
            return Some(Ok(batch));
        }
        if place.wants_mark && self.published + 1 >= place.next {
            place.wants_mark = false;
            place.next = self.published + 1;
            return Some(Ok(Batch { revision: self.published, events: Vec::new() }));
        }
        None
    }

    fn collect(&self, watcher: &Watcher, from: u64) -> Batch {
        let mut events = Vec::new();
        let mut reached = from - 1;
        for (seen, change) in self.history.after(from - 1).enumerate() {
            let full = events.len() >= BATCH_EVENTS || seen >= BATCH_CHANGES;
            if change.revision > self.published || (full && change.revision > reached) {
                let end = if full { reached } else { self.published };
                return Batch { revision: end.min(self.published), events };
            }
            reached = change.revision;
            if change.key.starts_with(&*watcher.prefix) {
                events.push(self.event(change, watcher.previous));
            }
        }
        Batch { revision: self.published, events }
    }
}
