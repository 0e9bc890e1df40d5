//! A moment as Kubernetes writes one: RFC 3339 in UTC, to the second or (for leases and events) to the microsecond.

use compact_str::{CompactString, format_compact};
use jiff::Timestamp;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

impl Time {
    pub fn parse(text: &str) -> Option<Time> {
        text.parse().ok().map(Time)
    }

    pub fn from_second(second: i64) -> Option<Time> {
        Timestamp::from_second(second).ok().map(Time)
    }

    pub fn seconds_since(self, earlier: Time) -> i64 {
        self.0.as_second() - earlier.0.as_second()
    }

    /// The second since 1970, and the nanoseconds that have passed in it: never negative, before 1970 too.
    pub fn parts(self) -> (i64, i32) {
        match (self.0.as_second(), self.0.subsec_nanosecond()) {
            (second, nanos @ ..0) => (second - 1, nanos + 1_000_000_000),
            parts => parts,
        }
    }

    /// With six digits of a second, as `MicroTime` is written.
    pub fn micro(self) -> CompactString {
        let text = self.to_string();
        format_compact!("{}.{:06}Z", text.trim_end_matches('Z'), self.parts().1 / 1000)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.parts().0) {
            Ok(second) => second.fmt(f),
            Err(_) => self.0.fmt(f), // the first second of all times has no whole one before it
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_upstream_writes_it() {
        let time = Time::parse("2026-01-02T03:04:05.678901Z").unwrap();
        assert_eq!(time.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(time.micro(), "2026-01-02T03:04:05.678901Z");
        let early = Time::parse("1969-12-31T23:59:59.5Z").unwrap();
        assert_eq!(
            (early.to_string().as_str(), early.micro().as_str()),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.500000Z")
        );
        assert_eq!(Time::parse("2026-01-02T05:04:05+02:00").unwrap().to_string(), "2026-01-02T03:04:05Z");
    }
}
