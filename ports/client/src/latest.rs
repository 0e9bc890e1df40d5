//! A value that many wait on. Unlike tokio's watch, which wakes its receivers in random order, this wakes them in the
//! order in which they began to wait: a simulation replays only then.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub struct Latest<T> {
    state: Mutex<State<T>>,
    told: Notify,
}

struct State<T> {
    value: T,
    version: u64,
}

impl<T: Clone> Latest<T> {
    pub fn new(value: T) -> Latest<T> {
        Latest { state: Mutex::new(State { value, version: 0 }), told: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, value: T) {
        let mut state = self.state();
        state.value = value;
        state.version += 1;
        drop(state);
        self.told.notify_waiters();
    }

    pub fn get(&self) -> T {
        self.state().value.clone()
    }

    /// The value's version, for [`Latest::after`].
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// Waits for a value that was set after this version; answers its version.
    pub async fn after(&self, version: u64) -> u64 {
        loop {
            let mut told = std::pin::pin!(self.told.notified());
            told.as_mut().enable(); // before looking, so that nothing is missed in between
            let now = self.version();
            if now > version {
                return now;
            }
            told.await;
        }
    }

    /// Waits until the value satisfies a condition.
    pub async fn until(&self, mut holds: impl FnMut(&T) -> bool) {
        let mut version = self.version();
        while !holds(&self.get()) {
            version = self.after(version).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn waiters_wake_in_order() {
        let latest = Arc::new(Latest::new(0));
        let (to, mut woken) = tokio::sync::mpsc::unbounded_channel();
        for waiter in 0..20 {
            let (latest, to) = (latest.clone(), to.clone());
            tokio::spawn(async move {
                latest.until(|value| *value >= 2).await;
                to.send(waiter).expect("the test listens");
            });
        }
        tokio::task::yield_now().await;
        latest.set(1);
        tokio::task::yield_now().await;
        latest.set(2);
        for waiter in 0..20 {
            assert_eq!(woken.recv().await, Some(waiter));
        }
    }
}
