//! Wakes those who follow the same changes, no oftener than telling all of them takes: a thousand watchers that are woken
//! for every single change spend their time on waking up, and each change costs each of them a write of its own.

use client::Latest;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// About what waking one watcher and writing to its connection takes.
const EACH: Duration = Duration::from_micros(10);
/// Timers are no finer than this; and few watchers need no rest.
const LEAST: Duration = Duration::from_millis(1);
/// Nobody waits longer for a change.
const MOST: Duration = Duration::from_millis(10);

pub(super) struct Bell {
    told: Latest<()>,
    followers: AtomicUsize,
    rung: Mutex<Option<Instant>>,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell { told: Latest::new(()), followers: AtomicUsize::new(0), rung: Mutex::new(None) }
    }
}

impl Bell {
    pub fn follow(&self) {
        self.followers.fetch_add(1, Ordering::Relaxed);
    }

    /// True when nobody follows any more.
    pub fn leave(&self) -> bool {
        self.followers.fetch_sub(1, Ordering::Relaxed) == 1
    }

    pub fn told(&self) -> &Latest<()> {
        &self.told
    }

    /// Rings, or says when it may.
    pub fn ring(&self, now: Instant) -> Option<Instant> {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let due = rung.map(|last| last + pace(self.followers.load(Ordering::Relaxed)));
        if due.is_some_and(|due| due > now) {
            return due;
        }
        *rung = Some(now);
        drop(rung);
        self.told.set(());
        None
    }
}

fn pace(followers: usize) -> Duration {
    let all = EACH * u32::try_from(followers).unwrap_or(u32::MAX).min(10_000);
    if all < LEAST { Duration::ZERO } else { all.min(MOST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn few_are_told_at_once_and_many_in_turns() {
        for (followers, waits) in [(1, 0), (99, 0), (100, 1), (500, 5), (1_000, 10), (1_000_000, 10)] {
            let bell = Bell::default();
            (0..followers).for_each(|_| bell.follow());
            let now = Instant::now();
            assert_eq!(bell.ring(now), None, "the first change of {followers} waits for nothing");
            let due = bell.ring(now).map_or(Duration::ZERO, |due| due - now);
            assert_eq!(due, Duration::from_millis(waits), "{followers}");
            assert_eq!(bell.ring(now + due), None);
        }
    }
}
