//! The loop of one controller: changes wake keys, keys run, results come back.

use crate::apply::Verdict;
use crate::inputs::Inputs;
use crate::queue::Queue;
use crate::worker::{Outcome, Wake, Worker};
use meta::Key;
use plan::{Change, Refusal};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// Changes that are taken together: one view serves them all.
const CHANGES_AT_ONCE: usize = 1024;

/// How long a controller that stops waits for what it has begun.
const STOPPING_PATIENCE: Duration = Duration::from_secs(5);

struct Drive {
    worker: Arc<Worker>,
    queue: Queue,
    tasks: JoinSet<Outcome>,
    keys: HashMap<Id, Key>,
    /// What was refused of each key's last plan.
    refusals: BTreeMap<Key, Refusal>,
    awake_since: jiff::Timestamp,
}

pub(crate) async fn drive(worker: Arc<Worker>, mut stopped: watch::Receiver<bool>) {
    let Some(mut changes) = worker.inputs.changes() else { return };
    let mut catalog = worker.inputs.catalogs().map_or(0, |catalogs| catalogs.version());
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => return,
        () = worker.inputs.synced() => {}
    }
    let inputs = &worker.inputs;
    let mut drive = Drive {
        worker: worker.clone(),
        queue: Queue::default(),
        tasks: JoinSet::new(),
        keys: HashMap::new(),
        refusals: BTreeMap::new(),
        awake_since: worker.clock.now(),
    };
    loop {
        drive.begin();
        let alarm = drive.queue.next_alarm();
        let mut batch = Vec::new();
        // In a fixed order, so that a seed replays.
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            _ = changes.recv_many(&mut batch, CHANGES_AT_ONCE) => drive.wake(&batch),
            version = next_catalog(inputs, catalog) => {
                catalog = version;
                inputs.follow_catalog();
            }
            Some(done) = drive.tasks.join_next_with_id() => drive.finish(done),
            () = ring(alarm) => drive.queue.ring(Instant::now()),
        }
    }
    let drained = async { while drive.tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(STOPPING_PATIENCE, drained).await.is_err() {
        tracing::warn!(controller = worker.controller.name(), "stops without waiting for its last writes to show");
    }
}

/// Waits for another catalog than the one of this version.
async fn next_catalog(inputs: &Inputs, version: u64) -> u64 {
    match inputs.catalogs() {
        Some(catalogs) => catalogs.after(version).await,
        None => std::future::pending().await,
    }
}

async fn ring(alarm: Option<Instant>) {
    match alarm {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Drive {
    fn begin(&mut self) {
        while let Some((key, alarmed)) = self.queue.take() {
            let worker = self.worker.clone();
            let refused = self.refusals.remove(&key);
            let wake = Wake { refused, alarmed, awake_since: self.awake_since };
            let task = self.tasks.spawn({
                let key = key.clone();
                async move { worker.work(&key, wake).await }
            });
            self.keys.insert(task.id(), key);
        }
        self.worker.metrics.set_depth(self.queue.len() + self.tasks.len());
    }

    fn wake(&mut self, changes: &[Change]) {
        let view = self.worker.inputs.view();
        for change in changes {
            for key in self.worker.controller.keys(change, &view) {
                self.worker.metrics.woken();
                self.queue.add(key);
            }
        }
    }

    fn finish(&mut self, done: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match done {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(panic) => {
                tracing::error!(controller = self.worker.controller.name(), %panic, "a decision broke off");
                (panic.id(), None)
            }
        };
        let Some(key) = self.keys.remove(&id) else { return };
        match outcome {
            Some(Outcome { verdict: Verdict::Done | Verdict::Moot, again_at, .. }) => {
                self.queue.succeeded(&key, again_at)
            }
            failed => {
                self.worker.metrics.failed();
                let failures = self.queue.failed(&key, Instant::now(), self.worker.clock.random());
                let refusal = failed.and_then(|outcome| outcome.refused);
                let why = refusal
                    .as_ref()
                    .map_or("the plan was stale, or its answer lost", |refusal| refusal.message.as_str());
                tracing::debug!(controller = self.worker.controller.name(), %key, failures, why, "comes back later");
                if let Some(refusal) = refusal {
                    self.refusals.insert(key, refusal);
                }
            }
        }
    }
}
