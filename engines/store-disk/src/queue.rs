//! What was sequenced and waits for the disk, in the order of its sequence.
//!
//! Whoever pushes holds the machine's lock, and so does whoever shuts: between sequencing and queueing nothing fits.

use crate::codec::Item;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use store::Error;
use tokio::sync::{Notify, oneshot};

#[derive(Debug)]
pub struct Waiting {
    /// None: only an answer, which must wait until what it tells of is durable.
    pub item: Option<Item>,
    /// What was sequenced when this was queued.
    pub revision: u64,
    pub done: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Waiting {
    /// The caller may have gone: its write counts all the same.
    pub fn answer(self, outcome: Result<(), Error>) {
        if let Some(done) = self.done {
            let _ = done.send(outcome);
        }
    }
}

#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    /// Wakes the thread that drives the committer; `notify` wakes the task that does.
    ready: Condvar,
    notify: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Why nothing is admitted any more.
    shut: Option<Error>,
    stopped: bool,
    /// The driver has been woken, and has not looked yet what for.
    woken: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn admit(&self) -> Result<(), Error> {
        self.state().shut.clone().map_or(Ok(()), Err)
    }

    /// Whoever drives the committer has to be woken, unless that is the caller.
    pub fn push(&self, waiting: Waiting) {
        self.state().waiting.push(waiting);
    }

    /// A driver that has been woken and has not looked yet is not woken again: that is a system call for each writer.
    pub fn wake(&self) {
        if !std::mem::replace(&mut self.state().woken, true) {
            self.ready.notify_one();
            self.notify.notify_one();
        }
    }

    /// The first of the queue, up to the one that fills a batch of `bytes`.
    pub fn take(&self, bytes: usize) -> Vec<Waiting> {
        let mut state = self.state();
        let mut room = bytes;
        let fits = |waiting: &Waiting| {
            let first = room > 0;
            room = room.saturating_sub(waiting.item.as_ref().map_or(0, Item::weight));
            first
        };
        let count = state.waiting.iter().map(fits).take_while(|fits| *fits).count();
        let rest = state.waiting.split_off(count);
        std::mem::replace(&mut state.waiting, rest)
    }

    /// Everything that waits, because the machine is about to forget it.
    pub fn drain(&self) -> Vec<Waiting> {
        std::mem::take(&mut self.state().waiting)
    }

    pub fn shut(&self, why: Error) {
        self.state().shut = Some(why);
    }

    /// Asks the driver to end once the queue is empty.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.wake();
    }

    pub fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// False when there is nothing left to do, ever.
    pub fn wait(&self) -> bool {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.stopped && !state.woken;
        let mut state = self.ready.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        !state.waiting.is_empty() || !state.stopped
    }

    /// Returns when something may have been pushed, or the queue stopped.
    pub async fn notified(&self) {
        self.notify.notified().await;
        self.state().woken = false;
    }
}
