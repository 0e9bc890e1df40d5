//! The loop: changes in, decisions out, bindings on their way.

use super::notes::Notes;
use crate::Recorder;
use crate::apply::{self, Verdict};
use crate::barrier;
use crate::inputs::Inputs;
use client::{ApiClient, PatchKind, Request};
use clock::Clock;
use jiff::Timestamp;
use meta::{Gvr, Value};
use plan::{Change, Event, Plan, When};
use scheduler::{Decision, Outcome, PodInfo, Scheduler};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

const CHANGES_AT_ONCE: usize = 1024;
/// Decisions between two looks at what has changed.
const DECISIONS_AT_ONCE: usize = 32;
/// Requests on their way; more would only wait in the server.
const REQUESTS_AT_ONCE: usize = 256;

pub(super) struct Drive {
    scheduler: Scheduler,
    inputs: Arc<Inputs>,
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    recorder: Recorder,
    requests: JoinSet<Done>,
    notes: Notes,
}

async fn ready(idle: Option<Duration>) {
    match idle {
        Some(Duration::ZERO) => tokio::task::yield_now().await,
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// What became of a request.
enum Done {
    Bound(Arc<PodInfo>, Vec<Event>),
    NotBound(Arc<PodInfo>),
    NotEvicted(Arc<PodInfo>),
    Told,
}

impl Drive {
    pub(super) fn new(
        scheduler: Scheduler,
        inputs: Arc<Inputs>,
        client: Arc<dyn ApiClient>,
        clock: Arc<dyn Clock>,
        recorder: Recorder,
    ) -> Drive {
        let notes = Notes::new(client.clone());
        Drive { scheduler, inputs, client, clock, recorder, requests: JoinSet::new(), notes }
    }

    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let Some(mut changes) = self.inputs.changes() else { return };
        let inputs = self.inputs.clone();
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            () = inputs.synced() => {}
        }
        loop {
            let mut batch = Vec::new();
            let idle = self.idle();
            // In a fixed order, so that a seed replays; what is known comes before what is decided from it.
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = changes.recv_many(&mut batch, CHANGES_AT_ONCE) => {
                    if batch.is_empty() {
                        break;
                    }
                    self.learn(&batch);
                    // All that was known has been heard: nothing new may keep decisions waiting for ever.
                    if batch.len() < CHANGES_AT_ONCE {
                        self.finish_all(&mut changes);
                        self.decide();
                    }
                }
                Some(done) = self.requests.join_next() => self.finish(done, &mut changes),
                Some(()) = self.notes.told() => {}
                () = ready(idle) => self.decide(),
            }
        }
        while let Some(done) = self.requests.join_next().await {
            self.finish(done, &mut changes);
        }
    }

    fn learn(&mut self, changes: &[Change]) {
        let now = self.clock.now();
        for change in changes {
            if let Err(error) = self.scheduler.apply(change, now) {
                tracing::warn!(key = %change.key, %error, "an object cannot be read, and is not scheduled with");
            }
        }
    }

    fn finish_all(&mut self, changes: &mut UnboundedReceiver<Change>) {
        while let Some(done) = self.requests.try_join_next() {
            self.finish(done, changes);
        }
    }

    /// How long until there is something to decide; none where nothing is, or where there is no room for what comes of it.
    fn idle(&self) -> Option<Duration> {
        let at = self.scheduler.next_alarm().filter(|_| self.requests.len() < REQUESTS_AT_ONCE)?;
        let wait = at.duration_since(self.clock.now());
        Some(Duration::try_from(wait).unwrap_or_default()) // what is past is now
    }

    fn decide(&mut self) {
        for _ in 0..DECISIONS_AT_ONCE {
            if self.requests.len() >= REQUESTS_AT_ONCE {
                break;
            }
            let (now, random) = (self.clock.now(), self.clock.random());
            let Some(decision) = self.scheduler.next(now, random) else { break };
            self.carry_out(&decision, now);
        }
    }

    fn carry_out(&mut self, decision: &Decision, now: Timestamp) {
        let mut plan = decision.plan();
        let events = std::mem::take(&mut plan.report.events);
        let (at_once, later): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.when == When::Always);
        at_once.into_iter().for_each(|event| self.recorder.tell(event));
        match &decision.outcome {
            Outcome::Placed { .. } => self.bind(decision.pod.clone(), plan, later),
            Outcome::Refused { message } => {
                tracing::debug!(pod = %decision.pod.key(), message, "no node fits");
                if let Some(patch) = decision.status_patch(now) {
                    self.notes.tell(status_patch(&decision.pod, patch));
                }
                self.evict(decision, now);
            }
            Outcome::Leaving => {}
        }
    }

    fn bind(&mut self, pod: Arc<PodInfo>, plan: Plan, events: Vec<Event>) {
        let (client, clock, inputs) = (self.client.clone(), self.clock.clone(), self.inputs.clone());
        let told = self.notes.forget(&pod.key());
        self.requests.spawn(async move {
            if let Some(told) = told {
                let _either_way_it_is_over = told.await;
            }
            let applied = apply::apply(plan.actions, &*client, str::to_owned).await;
            match applied.verdict {
                Verdict::Done => Done::Bound(pod, events),
                _ => {
                    let why = applied.refusal().map_or("stale, or its answer lost", |refusal| &refusal.message);
                    tracing::debug!(pod = %pod.key(), why, "a binding failed");
                    // It may have been done all the same: its place is not given away before that is known.
                    barrier::pass(applied.awaited, &inputs, &*clock).await;
                    Done::NotBound(pod)
                }
            }
        });
    }

    /// Tells those to leave who are in the way of a more important pod.
    fn evict(&mut self, decision: &Decision, now: Timestamp) {
        let Some(preemption) = &decision.preemption else { return };
        for victim in &preemption.victims {
            tracing::info!(victim = %victim.key(), pod = %decision.pod.key(), "a pod has to leave for another");
            let reason = status_patch(victim, decision.eviction_patch(victim, now));
            let plan = Plan { actions: vec![decision.eviction(victim)], ..Plan::nothing() };
            self.recorder.tell(decision.eviction_event(victim, &preemption.node));
            let (client, victim) = (self.client.clone(), victim.clone());
            self.requests.spawn(async move {
                // Where it cannot be told why it leaves, it leaves all the same: it may be gone already.
                if let Err(status) = client.call(reason).await {
                    tracing::debug!(victim = %victim.key(), %status, "a pod was not told why it leaves");
                }
                match apply::apply(plan.actions, &*client, str::to_owned).await.verdict {
                    Verdict::Done => Done::Told,
                    _ => Done::NotEvicted(victim),
                }
            });
        }
    }

    fn finish(&mut self, done: Result<Done, JoinError>, changes: &mut UnboundedReceiver<Change>) {
        match done {
            Ok(Done::Bound(pod, events)) => {
                tracing::debug!(pod = %pod.key(), "bound");
                events.into_iter().for_each(|event| self.recorder.tell(event));
            }
            Ok(Done::NotBound(pod)) => {
                // Whether it was bound all the same has been told by now, if not heard.
                while let Ok(change) = changes.try_recv() {
                    self.learn(&[change]);
                }
                self.scheduler.binding_failed(&pod, self.clock.now());
            }
            Ok(Done::NotEvicted(victim)) => self.scheduler.preemption_failed(victim.uid()),
            Ok(Done::Told) => {}
            Err(panic) => tracing::error!(%panic, "a request of the scheduler broke off"),
        }
    }
}

fn status_patch(pod: &PodInfo, patch: Value) -> Request {
    Request::patch(Gvr::new("", "v1", "pods"), pod.key(), PatchKind::Strategic, patch).subresource("status")
}
