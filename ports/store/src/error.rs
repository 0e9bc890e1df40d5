//! Why a store did not answer.

use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The revision lies before the compaction: `oldest` is the first that can still be read.
    Compacted {
        oldest: u64,
    },
    /// The revision has not happened yet.
    FutureRevision {
        asked: u64,
        newest: u64,
    },
    /// One transaction may touch a key once: two writes under one revision have no order.
    DuplicateKey {
        key: Arc<str>,
    },
    TooLarge {
        bytes: usize,
        limit: usize,
    },
    /// Nothing was done; the same call may succeed later.
    Unavailable {
        reason: Arc<str>,
    },
    /// The connection or the disk broke between the request and its answer: it may or may not have taken effect.
    OutcomeUnknown {
        reason: Arc<str>,
    },
    /// What was stored cannot be read back.
    Corrupt {
        reason: Arc<str>,
    },
}

impl Error {
    pub fn unavailable(reason: impl fmt::Display) -> Error {
        Error::Unavailable { reason: reason.to_string().into() }
    }

    pub fn outcome_unknown(reason: impl fmt::Display) -> Error {
        Error::OutcomeUnknown { reason: reason.to_string().into() }
    }

    pub fn corrupt(reason: impl fmt::Display) -> Error {
        Error::Corrupt { reason: reason.to_string().into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Compacted { oldest } => write!(f, "the revision has been compacted, the oldest kept is {oldest}"),
            Error::FutureRevision { asked, newest } => {
                write!(f, "revision {asked} is in the future, the newest is {newest}")
            }
            Error::DuplicateKey { key } => write!(f, "key {key:?} is written twice in one transaction"),
            Error::TooLarge { bytes, limit } => {
                write!(f, "a transaction of {bytes} bytes is over the limit of {limit}")
            }
            Error::Unavailable { reason } => write!(f, "the store is unavailable: {reason}"),
            Error::OutcomeUnknown { reason } => write!(f, "the outcome of the write is unknown: {reason}"),
            Error::Corrupt { reason } => write!(f, "the store is corrupt: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
