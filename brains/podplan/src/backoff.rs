//! Waiting longer after each failure: crash loops and image pulls.

use jiff::{SignedDuration, Timestamp};

const FIRST: SignedDuration = SignedDuration::from_secs(10);
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub delay: SignedDuration,
    pub updated: Timestamp,
}

impl Backoff {
    /// What follows `before` when an attempt is made at `now` after a failure at `failed`.
    pub fn after(before: Option<Backoff>, failed: Timestamp, now: Timestamp) -> Backoff {
        let delay = match before.filter(|b| !b.has_expired(failed)) {
            Some(before) => (before.delay * 2).min(LONGEST),
            None => FIRST,
        };
        Backoff { delay, updated: now }
    }

    /// When the next attempt is due, if the delay after a failure at `failed` still runs.
    pub fn holds_until(&self, failed: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let due = failed.saturating_add(self.delay).unwrap_or(failed);
        (!self.has_expired(failed) && now < due).then_some(due)
    }

    /// A container that ran for ten minutes starts anew.
    fn has_expired(&self, failed: Timestamp) -> bool {
        failed.duration_since(self.updated) > LONGEST * 2
    }
}

/// A duration in Go's notation: `10s`, `1m20s`, `5m0s`.
pub fn go_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn doubles_to_five_minutes_and_starts_anew_after_ten() {
        let mut backoff = None;
        let mut delays = Vec::new();
        let mut now = 0;
        for _ in 0..7 {
            let next = Backoff::after(backoff, at(now), at(now));
            delays.push(go_duration(next.delay));
            now += next.delay.as_secs();
            backoff = Some(next);
        }
        assert_eq!(delays, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]);
        let later = Backoff::after(backoff, at(now + 601), at(now + 601));
        assert_eq!(later.delay, FIRST);
    }

    #[test]
    fn holds_from_the_failure() {
        let backoff = Backoff { delay: FIRST, updated: at(0) };
        assert_eq!(backoff.holds_until(at(5), at(6)), Some(at(15)));
        assert_eq!(backoff.holds_until(at(5), at(15)), None);
    }
}
