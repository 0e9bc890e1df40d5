//! Time that follows tokio's (and so stands still or leaps when a test pauses it), and randomness from a seed.

use crate::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z: virtual worlds begin at a round moment, so that recorded output stays the same.
const DAWN_SECONDS: i64 = 1_767_225_600;

#[derive(Debug)]
pub struct VirtualClock {
    base: Timestamp,
    started: Instant,
    skew_nanoseconds: AtomicI64,
    dice: AtomicU64,
}

impl VirtualClock {
    pub fn new(seed: u64) -> VirtualClock {
        VirtualClock::starting_at(Timestamp::constant(DAWN_SECONDS, 0), seed)
    }

    pub fn starting_at(base: Timestamp, seed: u64) -> VirtualClock {
        VirtualClock { base, started: Instant::now(), skew_nanoseconds: AtomicI64::new(0), dice: AtomicU64::new(seed) }
    }

    /// How far this clock runs ahead of (or, negative, behind) the common time: two machines disagree.
    pub fn set_skew(&self, skew: SignedDuration) {
        let nanoseconds = skew.as_nanos().clamp(i64::MIN.into(), i64::MAX.into());
        self.skew_nanoseconds.store(nanoseconds as i64, Ordering::Relaxed);
    }

    pub fn skew(&self) -> SignedDuration {
        SignedDuration::from_nanos(self.skew_nanoseconds.load(Ordering::Relaxed))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        let ahead = elapsed.saturating_add(self.skew());
        self.base.saturating_add(ahead).unwrap_or(self.base)
    }

    /// splitmix64: one addition is the whole state, so threads may share it and a seed tells the sequence.
    fn random(&self) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.dice.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn time_follows_tokio_and_the_skew() {
        let clock = VirtualClock::new(1);
        let dawn = clock.now();
        assert_eq!(dawn.to_string(), "2026-01-01T00:00:00Z");
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T01:00:00Z");
        clock.set_skew(SignedDuration::from_secs(-60));
        assert_eq!(clock.now().to_string(), "2026-01-01T00:59:00Z");
    }

    #[test]
    fn a_seed_tells_the_sequence() {
        let draw = |seed| {
            let clock = VirtualClock::new(seed);
            [clock.random(), clock.random(), clock.random()]
        };
        assert_eq!(draw(42), draw(42));
        assert_ne!(draw(42), draw(43));
    }
}
