//! The machine's own time and randomness.

use crate::Clock;
use std::cell::RefCell;

/// Random numbers that a thread takes from the kernel at a time: a request needs several, and a call for each would
/// cost more than they are worth. They name things and spread waits; keys are made elsewhere.
const AT_ONCE: usize = 64;

thread_local! {
    static DICE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may ask
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn random(&self) -> u64 {
        DICE.with_borrow_mut(|dice| {
            dice.pop().unwrap_or_else(|| {
                *dice = roll();
                dice.pop().unwrap_or_default() // there are some
            })
        })
    }
}

fn roll() -> Vec<u64> {
    let mut bytes = [[0; size_of::<u64>()]; AT_ONCE];
    getrandom::fill(bytes.as_flattened_mut()).expect("the kernel hands out random bytes once it has booted");
    bytes.map(u64::from_ne_bytes).to_vec()
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
