//! What a transaction comes to once it is decided: the unit of the log.

use bytes::Bytes;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub revision: u64,
    pub writes: Vec<Write>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub key: Arc<str>,
    /// None deletes.
    pub value: Option<Bytes>,
    pub expires: Option<Deadline>,
}

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(NonZeroU64);

impl Deadline {
    /// A deadline before 1970 has passed anyway.
    pub fn at(milliseconds: u64) -> Deadline {
        Deadline(NonZeroU64::new(milliseconds).unwrap_or(NonZeroU64::MIN))
    }

    pub fn milliseconds(self) -> u64 {
        self.0.get()
    }

    #[must_use]
    pub fn after(self, ttl: Duration) -> Deadline {
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        Deadline(self.0.saturating_add(ttl))
    }

    pub fn until(self, later: Deadline) -> Duration {
        Duration::from_millis(later.milliseconds().saturating_sub(self.milliseconds()))
    }
}
