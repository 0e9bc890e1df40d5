//! Waits that double up to a cap, spread by a dice so that those who failed together do not return together.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, cap: Duration) -> Backoff {
        Backoff { first, cap, failures: 0 }
    }

    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait after one more failure: between half and all of the doubled time.
    pub fn failed(&mut self, dice: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failures.min(20)).min(self.cap);
        self.failures += 1;
        doubled / 2 + doubled.mul_f64(0.5 * (dice % 1024) as f64 / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_cap_and_begins_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(50));
        let waits: Vec<u128> = (0..4).map(|_| backoff.failed(0).as_millis()).collect();
        assert_eq!(waits, [5, 10, 20, 25]);
        assert!(backoff.failed(1023) <= Duration::from_millis(50));
        backoff.succeeded();
        assert_eq!(backoff.failed(0).as_millis(), 5);
    }
}
