//! Tells events to the API: the same one again is counted, many similar ones become one, and a chatterbox is cut short.

mod correlate;

use client::{ApiClient, Backoff, Outcome, PatchKind, Request};
use clock::Clock;
use correlate::{Correlator, Recorded};
use jiff::{SignedDuration, Timestamp};
use meta::{Gvr, Reason, Status};
use plan::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Events that wait to be written; what comes on top is dropped, for events must never slow decisions.
const BACKLOG: usize = 1000;
const BETWEEN_COMPLAINTS: SignedDuration = SignedDuration::from_secs(5);
const TRIES: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pub struct Recorder {
    to: mpsc::Sender<Event>,
    dropped: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Recorder {
    /// `source` is the component that events name.
    pub fn start(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, source: &'static str) -> Recorder {
        let (to, events) = mpsc::channel(BACKLOG);
        let dropped = Arc::new(AtomicU64::new(0));
        let (correlator, said) = (Correlator::new(source), Timestamp::MIN);
        let writer = Writer { client, clock, correlator, dropped: dropped.clone(), said };
        Recorder { to, dropped, task: tokio::spawn(writer.run(events)).abort_handle() }
    }

    pub fn tell(&self, event: Event) {
        if self.to.try_send(event).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Writer {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    correlator: Correlator,
    dropped: Arc<AtomicU64>,
    /// When it was last said how many were dropped.
    said: Timestamp,
}

impl Writer {
    async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            let Some(recorded) = self.correlator.observe(&event, self.clock.now()) else { continue };
            if let Err(status) = self.write(&recorded).await {
                tracing::debug!(reason = %event.reason, %status, "an event could not be told");
            }
            self.say_what_was_dropped();
        }
    }

    fn say_what_was_dropped(&mut self) {
        let now = self.clock.now();
        if self.dropped.load(Ordering::Relaxed) > 0 && now.duration_since(self.said) >= BETWEEN_COMPLAINTS {
            let count = self.dropped.swap(0, Ordering::Relaxed);
            tracing::warn!(count, "events were dropped: too many wait to be written");
            self.said = now;
        }
    }

    async fn write(&self, recorded: &Recorded) -> Result<(), Status> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            match self.try_write(recorded).await {
                Err(status) if is_passing(&status) && backoff.failures() < TRIES => {
                    tokio::time::sleep(backoff.failed(self.clock.random())).await;
                }
                answer => return answer,
            }
        }
    }

    async fn try_write(&self, recorded: &Recorded) -> Result<(), Status> {
        let events = Gvr::new("", "v1", "events");
        if let Some(patch) = recorded.recount() {
            let request = Request::patch(events.clone(), recorded.key.clone(), PatchKind::Merge, patch);
            match self.client.call(request).await {
                // The event has expired: it begins anew.
                Err(status) if status.is(Reason::NotFound) => {}
                answer => return answer.map(drop),
            }
        }
        let request = Request::create(events, &recorded.key.namespace, recorded.object.clone());
        match self.client.call(request).await {
            // An earlier try was done and its answer lost.
            Err(status) if status.is(Reason::AlreadyExists) => Ok(()),
            answer => answer.map(drop),
        }
    }
}

fn is_passing(status: &Status) -> bool {
    Outcome::of(status) == Outcome::Unknown || status.is(Reason::TooManyRequests)
}
