//! Wakes those who follow the same changes, no oftener than telling all of them takes: a thousand watchers that are woken
//! for every single change spend their time on waking up, each change costs each of them a write of its own, and the
//! writers that they watch wait for the processor meanwhile.

use super::joined::Joins;
use client::Latest;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Fewer followers are told at once: that takes no longer than a timer's step.
const MANY: usize = 100;
/// How soon a telling that is still going on is looked at again.
const LOOK: Duration = Duration::from_millis(1);
/// How long a telling is waited for that does not come to its end.
const MOST: Duration = Duration::from_secs(1);

pub(super) struct Bell {
    told: Latest<()>,
    followers: AtomicUsize,
    /// The number after that of the latest change which concerns them.
    end: AtomicU64,
    round: Mutex<Round>,
    joins: Joins,
}

/// One telling of everybody who waits.
#[derive(Default)]
struct Round {
    waiting: usize,
    number: u64,
    rung: Option<Instant>,
    /// Who was woken and has not run yet.
    left: usize,
    /// How long it was until the last one ran.
    took: Duration,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell {
            told: Latest::new(()),
            followers: AtomicUsize::new(0),
            end: AtomicU64::new(0),
            round: Mutex::default(),
            joins: Joins::default(),
        }
    }
}

impl Bell {
    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn follow(&self) {
        self.followers.fetch_add(1, Ordering::Relaxed);
    }

    /// True when nobody follows any more.
    pub fn leave(&self) -> bool {
        self.followers.fetch_sub(1, Ordering::Relaxed) == 1
    }

    pub fn has_many(&self) -> bool {
        self.followers.load(Ordering::Relaxed) >= MANY
    }

    /// There are changes up to this number.
    pub fn extend(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// Whether there is something from this number on.
    pub fn reaches(&self, number: u64) -> bool {
        self.end.load(Ordering::Acquire) > number
    }

    /// What they are told together.
    pub fn joins(&self) -> &Joins {
        &self.joins
    }

    /// What [`Bell::after`] waits beyond.
    pub fn version(&self) -> u64 {
        self.told.version()
    }

    pub async fn after(&self, version: u64) {
        let _counted = Waiting::begin(self);
        self.told.after(version).await;
    }

    /// Wakes everybody, whenever it was that it rang last.
    pub fn toll(&self) {
        self.told.set(());
    }

    /// Rings, or says when it may.
    pub fn ring(&self, now: Instant) -> Option<Instant> {
        let mut round = self.round();
        if let Some(due) = round.due(now).filter(|due| self.has_many() && *due > now) {
            return Some(due);
        }
        round.begin(now);
        drop(round);
        self.toll();
        None
    }
}

impl Round {
    /// After a telling comes a rest of the same length, in which the writers have their turn. More gathers meanwhile, and
    /// to tell much costs little more than to tell one change.
    fn due(&self, now: Instant) -> Option<Instant> {
        let rung = self.rung?;
        Some(match self.left {
            0 => rung + self.took * 2,
            _ => (now + LOOK).min(rung + MOST),
        })
    }

    fn begin(&mut self, now: Instant) {
        self.number += 1;
        self.rung = Some(now);
        (self.left, self.took) = (self.waiting, Duration::ZERO);
    }

    fn ran(&mut self, begun: u64) {
        self.waiting -= 1;
        // Whoever began to wait before the bell rang was counted when it did.
        if begun < self.number && self.left > 0 {
            self.left -= 1;
            if self.left == 0 {
                self.took = self.rung.map_or(Duration::ZERO, |rung| rung.elapsed());
            }
        }
    }
}

/// One follower at rest, until it is woken or gives up.
struct Waiting<'a> {
    bell: &'a Bell,
    begun: u64,
}

impl Waiting<'_> {
    fn begin(bell: &Bell) -> Waiting<'_> {
        let mut round = bell.round();
        round.waiting += 1;
        Waiting { bell, begun: round.number }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.bell.round().ran(self.begun);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Followers that take so long, one after the other, to hear the bell once.
    async fn told(followers: u32, each: Duration) -> Arc<Bell> {
        let bell = Arc::new(Bell::default());
        let mut hearing = tokio::task::JoinSet::new();
        for place in 1..=followers {
            bell.follow();
            let bell = bell.clone();
            hearing.spawn(async move {
                let mut heard = Box::pin(bell.after(bell.version()));
                futures::future::poll_immediate(&mut heard).await;
                tokio::time::sleep(each * place).await;
                heard.await;
            });
        }
        while bell.round().waiting < followers as usize {
            tokio::task::yield_now().await;
        }
        assert_eq!(bell.ring(Instant::now()), None, "the first change of {followers} waits for nothing");
        while hearing.join_next().await.is_some() {}
        bell
    }

    #[tokio::test(start_paused = true)]
    async fn few_are_told_at_once_and_many_after_a_rest_that_grows_with_what_telling_them_took() {
        let ms = Duration::from_millis;
        for (followers, each, rest) in [
            (1, ms(1), ms(0)),
            (99, ms(1), ms(0)),
            (100, ms(0), ms(0)),
            (100, ms(1) / 10, ms(10)),
            (100, ms(1) / 4, ms(25)),
            (200, ms(4), ms(800)),
        ] {
            let bell = told(followers, each).await;
            let now = Instant::now();
            let due = bell.ring(now).map_or(Duration::ZERO, |due| due - now);
            // Timers have steps of a millisecond.
            assert!(due >= rest && due <= rest + ms(2), "{followers}: {due:?}, not {rest:?}");
            assert_eq!(bell.ring(now + due), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_telling_is_not_interrupted_and_none_that_gave_up_is_waited_for() {
        let bell = Bell::default();
        (0..MANY).for_each(|_| bell.follow());
        let mut waiting = Box::pin(bell.after(bell.version()));
        futures::future::poll_immediate(&mut waiting).await;
        let now = Instant::now();
        assert_eq!(bell.ring(now), None);
        assert_eq!(bell.ring(now), Some(now + LOOK), "one has not run yet");
        drop(waiting);
        assert_eq!(bell.ring(now), None);
        let mut waiting = Box::pin(bell.after(bell.version()));
        futures::future::poll_immediate(&mut waiting).await;
        assert_eq!(bell.ring(now), None);
        assert_eq!(bell.ring(now + MOST), None, "nobody is waited for that long");
    }
}
