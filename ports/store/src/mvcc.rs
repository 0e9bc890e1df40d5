//! The machine behind a lock, as the engines in this process share it: the reading half of a store.

use crate::machine::{Machine, Wakes, Watcher};
use crate::{Batch, Error, Watch, WatchFrom};
use futures::stream::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::{Context, Poll};

/// How many changes a compaction looks at before it lets others in.
const PRUNE_STEP: usize = 4096;

#[derive(Debug, Default)]
pub struct Mvcc {
    machine: RwLock<Machine>,
}

impl Mvcc {
    pub fn new(machine: Machine) -> Mvcc {
        Mvcc { machine: RwLock::new(machine) }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, Machine> {
        self.machine.read().expect("no writer of the machine panics halfway")
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, Machine> {
        self.machine.write().expect("no writer of the machine panics halfway")
    }

    pub fn publish(&self, revision: u64) {
        self.change(|machine| machine.publish(revision));
    }

    pub fn compact(&self, at: u64) {
        self.change(|machine| machine.compact(at));
    }

    /// Frees what compactions made unreadable.
    pub fn prune(&self) {
        while self.prune_step() {}
    }

    /// A part of that; true when there is more to do.
    pub fn prune_step(&self) -> bool {
        self.write().prune(PRUNE_STEP)
    }

    pub fn progress(&self) {
        let wakes = self.read().ask_for_marks();
        wakes.send();
    }

    pub fn watch(self: &Arc<Self>, from: &WatchFrom) -> Watch {
        let watcher = self.write().subscribe(from);
        Cursor { mvcc: self.clone(), watcher, ended: false }.boxed()
    }

    /// Wakes are sent after the lock is free, or every woken reader would run into it.
    fn change(&self, change: impl FnOnce(&mut Machine) -> Wakes) {
        let wakes = change(&mut self.write());
        wakes.send();
    }
}

struct Cursor {
    mvcc: Arc<Mvcc>,
    watcher: Arc<Watcher>,
    ended: bool,
}

impl Stream for Cursor {
    type Item = Result<Batch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.watcher.register(context.waker());
        let read = self.mvcc.read().read_watch(&self.watcher);
        self.ended = matches!(read, Some(Err(_)));
        read.map_or(Poll::Pending, |batch| Poll::Ready(Some(batch)))
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.mvcc.write().unsubscribe(&self.watcher);
    }
}
