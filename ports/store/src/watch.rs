//! Following the changes.

use crate::{Error, Event};
use futures::stream::BoxStream;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchFrom {
    pub prefix: Arc<str>,
    /// The first revision to deliver; it may lie in the future. None: what happens after the watch was granted.
    pub from: Option<u64>,
    /// Whether events carry the record they replaced. At the very first revision that is still kept it may be gone.
    pub previous: bool,
}

impl WatchFrom {
    pub fn now(prefix: &str) -> WatchFrom {
        WatchFrom { prefix: prefix.into(), from: None, previous: false }
    }

    pub fn revision(prefix: &str, from: u64) -> WatchFrom {
        WatchFrom { from: Some(from), ..WatchFrom::now(prefix) }
    }

    #[must_use]
    pub fn with_previous(self) -> WatchFrom {
        WatchFrom { previous: true, ..self }
    }
}

/// Events in order, and the promise that the watch has now delivered everything up to and including `revision`.
/// Without events it is a progress mark. The events of one revision are never divided over two batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub revision: u64,
    pub events: Vec<Event>,
}

/// Ends after its first error. A reader that falls behind a compaction gets [`Error::Compacted`], never a gap.
pub type Watch = BoxStream<'static, Result<Batch, Error>>;
