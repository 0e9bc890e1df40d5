//! A watch of the store with a mistake in it.

use super::memory::Memory;
use crate::bug::Bug;
use futures::StreamExt;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use store::{Batch, Error, Event, Watch};
use tokio::time::Instant;

/// One in so many batches is spoilt.
const SPOILT_OF: u64 = 20;
/// Who takes longer than this between two batches is slow.
const SLOW: Duration = Duration::from_secs(2);

struct Spoilt {
    watch: Watch,
    bug: Bug,
    asked: Option<u64>,
    memory: Arc<Memory>,
    batches: u64,
    read_at: Option<Instant>,
    ready: VecDeque<Result<Batch, Error>>,
}

pub fn spoil(watch: Watch, bug: Bug, asked: Option<u64>, memory: Arc<Memory>) -> Watch {
    let spoilt = Spoilt { watch, bug, asked, memory, batches: 0, read_at: None, ready: VecDeque::new() };
    futures::stream::unfold(spoilt, |mut spoilt| async move { Some((spoilt.next().await?, spoilt)) }).boxed()
}

impl Spoilt {
    async fn next(&mut self) -> Option<Result<Batch, Error>> {
        let slow = self.read_at.is_some_and(|before| before.elapsed() > SLOW);
        while self.ready.is_empty() {
            match self.watch.next().await? {
                Ok(batch) => self.take(batch, slow),
                failed => self.ready.push_back(failed),
            }
        }
        self.read_at = Some(Instant::now());
        self.ready.pop_front()
    }

    fn take(&mut self, mut batch: Batch, slow: bool) {
        self.batches += u64::from(!batch.events.is_empty());
        let chosen = !batch.events.is_empty() && self.batches.is_multiple_of(SPOILT_OF);
        match self.bug {
            Bug::ProgressAhead if chosen => {
                self.ready.push_back(Ok(Batch { revision: batch.revision, events: Vec::new() }));
            }
            Bug::EventTwice if chosen => batch.events.extend(batch.events.last().cloned()),
            Bug::SlowWatchLoses if slow => batch.events.clear(),
            Bug::CompactionDropsEvent => self.drop_compacted(&mut batch),
            Bug::CompactionHidesDelete if self.asked == Some(self.memory.now().compacted) => {
                self.drop_compacted(&mut batch);
            }
            _ => {}
        }
        self.ready.push_back(Ok(batch));
    }

    /// A deletion at the compaction's own revision counts as compacted.
    fn drop_compacted(&self, batch: &mut Batch) {
        let compacted = self.memory.now().compacted;
        batch.events.retain(|event| !matches!(event, Event::Delete { revision, .. } if *revision == compacted));
    }
}
