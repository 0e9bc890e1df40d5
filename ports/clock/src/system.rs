//! The machine's own time and randomness.

use crate::Clock;

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may ask
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn random(&self) -> u64 {
        getrandom::u64().expect("the kernel hands out random bytes once it has booted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_stand_at_the_epoch_and_dice_differ() {
        let clock = SystemClock;
        assert!(clock.now() > jiff::Timestamp::UNIX_EPOCH);
        assert_ne!(clock.random(), clock.random());
    }
}
