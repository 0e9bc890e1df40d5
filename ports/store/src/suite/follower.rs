//! A reader of a watch that holds it to its laws at every step.

use crate::{Batch, Error, Event, Store, Watch};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Far longer than any engine needs, so that only a lost event runs into it.
const PATIENCE: Duration = Duration::from_secs(20);
/// etcd drops a request for progress while a watch is catching up: ask again after this time.
const ASK_AGAIN: Duration = Duration::from_millis(300);

pub struct Follower {
    store: Arc<dyn Store>,
    watch: Watch,
    /// Everything up to here has been delivered.
    reached: u64,
}

impl Follower {
    pub fn new(store: Arc<dyn Store>, watch: Watch) -> Follower {
        Follower { store, watch, reached: 0 }
    }

    pub fn reached(&self) -> u64 {
        self.reached
    }

    pub async fn batch(&mut self) -> Result<Batch, Error> {
        let batch = timeout(PATIENCE, self.watch.next()).await.expect("a batch comes before patience ends");
        let batch = batch.expect("a watch does not end without an error")?;
        self.check(&batch);
        Ok(batch)
    }

    fn check(&mut self, batch: &Batch) {
        assert!(batch.revision >= self.reached, "progress went back from {} to {}", self.reached, batch.revision);
        let mut last = self.reached + 1;
        for event in &batch.events {
            let revision = event.revision();
            assert!(revision >= last, "an event of {revision} after everything before {last} was promised");
            assert!(revision <= batch.revision, "an event of {revision} in a batch up to {}", batch.revision);
            last = revision;
        }
        self.reached = batch.revision;
    }

    /// The next so many events.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.batch().await.expect("the watch goes on").events);
        }
        assert_eq!(events.len(), count, "more events than writes: {events:?}");
        events
    }

    /// Everything up to a revision that has happened.
    pub async fn try_until(&mut self, revision: u64) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let give_up = tokio::time::Instant::now() + PATIENCE;
        while self.reached < revision {
            assert!(tokio::time::Instant::now() < give_up, "the watch stays at {} before {revision}", self.reached);
            self.store.progress().await?;
            while let Ok(batch) = timeout(ASK_AGAIN, self.watch.next()).await {
                let batch = batch.expect("a watch does not end without an error")?;
                self.check(&batch);
                events.extend(batch.events);
                if self.reached >= revision {
                    break;
                }
            }
        }
        Ok(events)
    }

    pub async fn until(&mut self, revision: u64) -> Vec<Event> {
        self.try_until(revision).await.expect("the watch goes on")
    }

    pub async fn expect_compacted(&mut self) -> u64 {
        loop {
            match self.batch().await {
                Ok(batch) => assert!(batch.events.is_empty(), "events out of a compacted past: {batch:?}"),
                Err(Error::Compacted { oldest }) => return oldest,
                Err(other) => panic!("a compacted watch ended with {other}"),
            }
        }
    }
}
