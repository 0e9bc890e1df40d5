//! The worker of one pod: look, decide, do; then sleep until something concerns it.

mod carry_out;
mod ending;
mod resize;
mod sandbox;
mod starts;

use super::dispatch::Roster;
use super::observe::observe;
use super::post::Post;
use super::report::Teller;
use crate::context::Context;
use crate::images::Puller;
use crate::probes::Prober;
use crate::references::{Contents, Held, of_pod};
use crate::volumes::Volumes;
use client::Cache;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use plan::EventType;
use podplan::resize::{Allocation, granted_before};
use podplan::spec::{long_name, uid};
use podplan::{Memory, RuntimeState, Seen, Stage, Steps, Verdict, held_back, next};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What failed is tried again after so long, if nothing wakes the worker before.
const RETRY: SignedDuration = SignedDuration::from_secs(10);

pub struct Worker {
    context: Arc<Context>,
    roster: Arc<Roster>,
    post: Arc<Post>,
    services: Arc<Cache>,
    /// With the resources that it was granted, whatever it asks for.
    pod: Arc<Pod>,
    granted: Allocation,
    /// What was granted last is not yet all in force.
    resizing: bool,
    memory: Memory,
    teller: Arc<Teller>,
    held: Held,
    volumes: Volumes,
    volumes_stand: bool,
    puller: Puller,
    prober: Prober,
    torn_down: bool,
    /// What the last failure asks for.
    retry_at: Option<Timestamp>,
    /// Containers that could not be started rest for a while.
    resting: BTreeMap<String, Timestamp>,
}

impl Worker {
    pub fn new(
        context: Arc<Context>,
        roster: Arc<Roster>,
        post: Arc<Post>,
        services: Arc<Cache>,
        pod: Arc<Pod>,
        verdict: Option<Verdict>,
    ) -> Worker {
        let teller = Teller::new(context.clone(), pod.clone());
        Worker {
            prober: Prober::new(context.clone(), post.clone()),
            memory: Memory { verdict, ..Memory::default() },
            held: Held::default(),
            volumes: Volumes::default(),
            volumes_stand: false,
            puller: Puller::default(),
            torn_down: false,
            retry_at: None,
            resting: BTreeMap::new(),
            granted: granted_before(&pod),
            resizing: false,
            roster,
            context,
            post,
            services,
            pod,
            teller,
        }
    }

    /// Ends when nothing of the pod is left, neither in the API nor on this node.
    pub async fn run(mut self) {
        loop {
            let pod = self.post.pod();
            let gone = pod.is_none();
            self.retry_at = None;
            if let Some(pod) = pod {
                self.teller.saw(&pod);
                self.pod = self.as_granted(pod);
            } else {
                self.memory.terminating = true;
            }
            if self.post.takes_news() {
                self.resting.clear();
            }
            let again = match self.look_and_act(gone).await {
                Ok(Progress::Over) => return,
                Ok(Progress::Again(again)) => again,
                Err(error) => {
                    tracing::warn!(pod = %long_name(&self.pod), %error, "a pod waits for the runtime");
                    Some(self.after(RETRY))
                }
            };
            self.sleep(again).await;
        }
    }

    fn after(&self, wait: SignedDuration) -> Timestamp {
        let now = self.context.clock.now();
        now.saturating_add(wait).unwrap_or(now)
    }

    async fn sleep(&self, until: Option<Timestamp>) {
        let rested = self.resting.values().min().copied();
        let due = [until, self.retry_at, rested, self.volumes.due().filter(|_| self.volumes_stand && !self.torn_down)];
        let woken = self.post.woken();
        match due.into_iter().flatten().min() {
            None => woken.await,
            Some(due) => {
                let wait = due.duration_since(self.context.clock.now()).max(SignedDuration::ZERO);
                // Being woken and being due are the same to what follows.
                let _ = tokio::time::timeout(Duration::try_from(wait).unwrap_or_default(), woken).await;
            }
        }
    }

    async fn look_and_act(&mut self, gone: bool) -> Result<Progress, cri::Error> {
        let runtime = observe(&*self.context.runtime, uid(&self.pod)).await?;
        self.memory.probes = self.post.probes(&runtime);
        if self.memory.verdict.is_none() {
            self.memory.verdict = self.post.verdict();
        }
        self.freshen_volumes(&runtime).await;
        self.tell_resized(&runtime);
        let steps = next(&Seen {
            pod: &self.pod,
            runtime: &runtime,
            memory: &self.memory,
            volumes: if self.volumes_stand { podplan::Volumes::Ready } else { podplan::Volumes::Absent },
            node: &self.context.facts,
            now: self.context.clock.now(),
        });
        self.remember(&steps);
        self.tell(&steps);
        self.prober.follow(&self.pod, &runtime, &steps);
        if steps.stage == Stage::Terminated {
            return self.end(&runtime, gone).await;
        }
        let again = steps.again_at;
        self.act(steps, &runtime).await?;
        Ok(Progress::Again(again))
    }

    fn remember(&mut self, steps: &Steps) {
        self.memory.terminating |= steps.stage != Stage::Running;
        self.memory.status = Some(steps.status.clone());
        for notice in &steps.notices {
            let container = notice.container.as_deref();
            self.context.events.pod(&self.pod, container, notice.kind, notice.reason, notice.message.clone());
        }
    }

    fn tell(&self, steps: &Steps) {
        let status = match steps.stage {
            Stage::Terminated => return,
            _ => held_back(&steps.status, &self.teller.told_status()),
        };
        self.show(&status);
        self.teller.tell(status);
    }

    fn show(&self, status: &PodStatus) {
        let pod = Pod { status: Some(status.clone()), ..(*self.pod).clone() };
        self.post.show(pod);
    }

    /// Volumes of what runs follow their sources.
    async fn freshen_volumes(&mut self, runtime: &RuntimeState) {
        let adopted = !self.volumes_stand && runtime.is_active();
        if (self.volumes_stand || adopted) && !self.memory.terminating {
            let ips = runtime.active_sandbox().map(|s| s.ips.clone()).unwrap_or_default();
            self.prepare_volumes(&ips).await;
        }
    }

    async fn prepare_volumes(&mut self, ips: &[String]) {
        let contents = self.contents().await;
        match self.volumes.prepare(&self.context, &self.pod, &contents, ips).await {
            Ok(()) => self.volumes_stand = true,
            Err(failure) => {
                let message = format!("MountVolume.SetUp failed for volume \"{}\" : {}", failure.volume, failure.error);
                self.context.events.pod(&self.pod, None, EventType::Warning, "FailedMount", message);
                self.retry_at = Some(self.after(RETRY));
            }
        }
    }

    /// What the pod refers to; from now on changes of it wake this worker.
    async fn contents(&mut self) -> Contents {
        for cache in self.held.update(&self.context.references, &of_pod(&self.pod)) {
            let post = Arc::downgrade(&self.post);
            let mut changes = cache.changes();
            drop(cache);
            tokio::spawn(async move {
                while changes.recv().await.is_some() {
                    let Some(post) = post.upgrade() else { return };
                    post.tell_news();
                }
            });
        }
        self.held.contents().await
    }
}

enum Progress {
    /// Look again then, or when woken.
    Again(Option<Timestamp>),
    Over,
}
