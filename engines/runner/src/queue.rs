//! Keys that wait: each at most once, never twice at the same time, some only from a moment on. Pure but for the type
//! of that moment.

use client::Backoff;
use meta::Key;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Queue {
    ready: VecDeque<Key>,
    waiting: BTreeSet<Key>,
    running: BTreeSet<Key>,
    /// Woken while they ran: they run once more.
    again: BTreeSet<Key>,
    alarms: BTreeSet<(Instant, Key)>,
    alarm_of: BTreeMap<Key, Instant>,
    /// Whose alarm has rung since they ran last.
    alarmed: BTreeSet<Key>,
    failing: BTreeMap<Key, Backoff>,
}

impl Queue {
    pub(crate) fn add(&mut self, key: Key) {
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if self.waiting.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    /// The next key, and whether its alarm has rung.
    pub(crate) fn take(&mut self) -> Option<(Key, bool)> {
        let key = self.ready.pop_front()?;
        self.waiting.remove(&key);
        self.running.insert(key.clone());
        let alarmed = self.alarmed.remove(&key);
        Some((key, alarmed))
    }

    /// A key has been done with; what its last plan says of the next time replaces what earlier ones said.
    pub(crate) fn succeeded(&mut self, key: &Key, again_at: Option<Instant>) {
        self.failing.remove(key);
        self.finish(key, again_at);
    }

    /// A key has failed and comes back after a wait that doubles; says how often it has failed in a row.
    pub(crate) fn failed(&mut self, key: &Key, now: Instant, dice: u64) -> u32 {
        let new = || Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let backoff = self.failing.entry(key.clone()).or_insert_with(new);
        let wait = backoff.failed(dice);
        let failures = backoff.failures();
        // A change while it ran must not cut the wait short: that is how hot loops begin.
        self.again.remove(key);
        self.finish(key, Some(now + wait));
        failures
    }

    fn finish(&mut self, key: &Key, again_at: Option<Instant>) {
        self.running.remove(key);
        self.set_alarm(key, again_at);
        if self.again.remove(key) {
            self.add(key.clone());
        }
    }

    fn set_alarm(&mut self, key: &Key, at: Option<Instant>) {
        if let Some(before) = self.alarm_of.remove(key) {
            self.alarms.remove(&(before, key.clone()));
        }
        if let Some(at) = at {
            self.alarm_of.insert(key.clone(), at);
            self.alarms.insert((at, key.clone()));
        }
    }

    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    pub(crate) fn ring(&mut self, now: Instant) {
        while let Some((at, _)) = self.alarms.first()
            && *at <= now
            && let Some((_, key)) = self.alarms.pop_first()
        {
            self.alarm_of.remove(&key);
            self.alarmed.insert(key.clone());
            self.add(key);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::cluster(name)
    }

    fn taken(queue: &mut Queue) -> Option<Key> {
        queue.take().map(|(key, _)| key)
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_waits_once_and_runs_alone() {
        let mut queue = Queue::default();
        queue.add(key("a"));
        queue.add(key("a"));
        queue.add(key("b"));
        assert_eq!((taken(&mut queue), taken(&mut queue), taken(&mut queue)), (Some(key("a")), Some(key("b")), None));
        queue.add(key("a"));
        assert_eq!(queue.take(), None, "it runs");
        queue.succeeded(&key("a"), None);
        assert_eq!(taken(&mut queue), Some(key("a")), "it was woken while it ran");
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_ring_once_and_the_last_plan_counts() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        queue.add(key("a"));
        queue.take();
        queue.succeeded(&key("a"), Some(at(5)));
        queue.add(key("a"));
        queue.take();
        queue.succeeded(&key("a"), Some(at(9)));
        assert_eq!(queue.next_alarm(), Some(at(9)));
        queue.ring(at(8));
        assert_eq!(queue.take(), None);
        queue.ring(at(9));
        assert_eq!((queue.take(), queue.next_alarm()), (Some((key("a"), true)), None));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_longer_each_time() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..3 {
            queue.add(key("a"));
            queue.take();
            queue.add(key("a"));
            queue.failed(&key("a"), now, 0);
            assert_eq!(queue.take(), None, "a change does not cut the wait short");
            waits.push((queue.next_alarm().unwrap() - now).as_micros());
        }
        assert_eq!(waits, [2500, 5000, 10_000]);
    }
}
