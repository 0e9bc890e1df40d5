//! The worker of one pod: look, decide, do; then sleep until something concerns it.

use super::kill::{kill_container, kill_pod};
use super::observe::observe;
use super::report::Teller;
use super::sandbox_config::sandbox_config;
use super::start::Launch;
use super::{orphans, sandbox_config};
use crate::context::Context;
use crate::images::Puller;
use crate::probes::Prober;
use crate::references::{Contents, Held, of_pod};
use crate::volumes::{self, Volumes};
use client::{Api, Cache};
use cri::v1::{PodSandboxStatusRequest, RemoveContainerRequest, RemovePodSandboxRequest, RunPodSandboxRequest};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, PodCondition, Service};
use k8s_openapi::api::node::v1::RuntimeClass;
use plan::EventType;
use podplan::backoff::Backoff;
use podplan::probe::ProbeResults;
use podplan::spec::{ContainerKind, api_status, is_deleted, is_host_network, name, namespace, spec, uid};
use podplan::{
    Memory, RuntimeState, Seen, Stage, StartFailure, Step, Steps, Verdict, final_status, held_back, is_owned, next,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// What failed is tried again after so long, if nothing wakes the worker before.
const RETRY: SignedDuration = SignedDuration::from_secs(10);
/// Longer than this an API that is away is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A failed pull is shown as such for so long, and then as waiting.
const PULL_FAILURE_SHOWN: SignedDuration = SignedDuration::from_secs(2);

/// What the rest of the kubelet puts down for a worker, and reads of it.
pub struct Post {
    wake: Notify,
    pod: watch::Sender<Option<Arc<Pod>>>,
    probes: Mutex<BTreeMap<String, ProbeResults>>,
    /// Somebody has judged that the pod must end.
    verdict: Mutex<Option<Verdict>>,
    /// The pod, or something that it refers to, has changed: what failed may succeed now.
    news: AtomicBool,
    status: watch::Sender<Option<Arc<Pod>>>,
}

impl Post {
    pub fn new(pod: Arc<Pod>) -> Arc<Post> {
        Arc::new(Post {
            wake: Notify::new(),
            pod: watch::Sender::new(Some(pod)),
            probes: Mutex::default(),
            verdict: Mutex::default(),
            news: AtomicBool::new(false),
            status: watch::Sender::new(None),
        })
    }

    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A newer version of the pod; none when it is gone from the API.
    pub fn put(&self, pod: Option<&Arc<Pod>>) {
        let before = self.pod.send_replace(pod.cloned());
        if !is_same(before.as_deref(), pod.map(|pod| &**pod)) {
            self.tell_news();
        }
    }

    fn tell_news(&self) {
        self.news.store(true, Ordering::Release);
        self.wake();
    }

    pub fn pods(&self) -> watch::Receiver<Option<Arc<Pod>>> {
        self.pod.subscribe()
    }

    /// Ends when the pod is asked to end, or is gone.
    pub async fn deleted(&self) {
        // The sender is this very post.
        let _ = self.pod.subscribe().wait_for(|pod| pod.as_deref().is_none_or(is_deleted)).await;
    }

    pub fn probed(&self, instance: &str, change: impl FnOnce(&mut ProbeResults)) {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        change(probes.entry(instance.to_owned()).or_default());
        drop(probes);
        self.wake();
    }

    /// The pod ends for this reason; the first judgement stands.
    pub fn judge(&self, verdict: Verdict) {
        let mut standing = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        standing.get_or_insert(verdict);
        drop(standing);
        self.wake();
    }

    fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn probes(&self, runtime: &RuntimeState) -> BTreeMap<String, ProbeResults> {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.retain(|id, _| runtime.containers.iter().any(|instance| instance.id == *id));
        probes.clone()
    }

    /// The pod with the status that its worker computed last.
    pub fn current(&self) -> Option<Arc<Pod>> {
        self.status.borrow().clone().or_else(|| self.pod.borrow().clone())
    }
}

/// Whether nothing that a worker goes by has changed: the echo of its own status wakes nobody.
fn is_same(before: Option<&Pod>, after: Option<&Pod>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let foreign = |pod: &Pod| -> Vec<PodCondition> {
        api_status(pod).conditions.iter().flatten().filter(|c| !is_owned(&c.type_)).cloned().collect()
    };
    let (old, new) = (&before.metadata, &after.metadata);
    before.spec == after.spec
        && old.deletion_timestamp == new.deletion_timestamp
        && old.deletion_grace_period_seconds == new.deletion_grace_period_seconds
        && old.labels == new.labels
        && old.annotations == new.annotations
        && foreign(before) == foreign(after)
}

pub struct Worker {
    context: Arc<Context>,
    post: Arc<Post>,
    services: Arc<Cache>,
    pod: Arc<Pod>,
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
            let pod = self.post.pod.borrow().clone();
            let gone = pod.is_none();
            if let Some(pod) = pod {
                self.teller.saw(&pod);
                self.pod = pod;
            } else {
                self.memory.terminating = true;
            }
            self.retry_at = None;
            if self.post.news.swap(false, Ordering::AcqRel) {
                self.resting.clear();
            }
            let again = match self.look_and_act(gone).await {
                Ok(Progress::Over) => return,
                Ok(Progress::Again(again)) => again,
                Err(error) => {
                    tracing::warn!(pod = %podplan::spec::long_name(&self.pod), %error, "a pod waits for the runtime");
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
        let woken = self.post.wake.notified();
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

    fn show(&self, status: &k8s_openapi::api::core::v1::PodStatus) {
        let pod = Pod { status: Some(status.clone()), ..(*self.pod).clone() };
        self.post.status.send_replace(Some(Arc::new(pod)));
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

    async fn act(&mut self, steps: Steps, runtime: &RuntimeState) -> Result<(), cri::Error> {
        let mut starts = Vec::new();
        let mut sandbox_id = runtime.active_sandbox().map(|s| s.id.clone());
        let mut ips = self.ips(runtime);
        let mut attempt = runtime.sandboxes.first().map_or(0, |s| s.attempt);
        for step in steps.steps {
            match step {
                Step::PrepareVolumes => {
                    self.prepare_volumes(&ips).await;
                    if self.volumes_stand {
                        self.post.wake();
                    }
                }
                Step::KillPod { kills, sandboxes } => {
                    kill_pod(&self.context, &self.post, &self.pod, &kills, &sandboxes).await.inspect_err(|error| {
                        let message = format!("error killing pod: {error}");
                        self.context.events.pod(&self.pod, None, EventType::Warning, "FailedKillPod", message);
                    })?;
                    self.post.wake();
                }
                Step::Kill(kill) => {
                    kill_container(&self.context, &self.post, &self.pod, &kill, Vec::new()).await?;
                    self.post.wake();
                }
                Step::Remove { id } => {
                    self.context.runtime.remove_container(RemoveContainerRequest { container_id: id }).await?;
                }
                Step::CreateSandbox { attempt: number } => {
                    attempt = number;
                    match self.create_sandbox(attempt).await? {
                        Some((id, addresses)) => (sandbox_id, ips) = (Some(id), addresses),
                        None => return Ok(()),
                    }
                }
                Step::Start { kind, name, restart_count } => starts.push((kind, name, restart_count)),
                Step::TearDown => {}
            }
        }
        if let Some(sandbox_id) = sandbox_id.filter(|_| !starts.is_empty()) {
            self.start_all(starts, steps.backoffs, runtime, &sandbox_id, attempt, &ips).await;
        }
        Ok(())
    }

    fn ips(&self, runtime: &RuntimeState) -> Vec<String> {
        match is_host_network(&self.pod) {
            true => self.context.facts.host_ips.clone(),
            false => runtime.active_sandbox().map(|s| s.ips.clone()).unwrap_or_default(),
        }
    }

    /// The new sandbox and its addresses; none when it could not be made and is tried again later.
    async fn create_sandbox(&mut self, attempt: u32) -> Result<Option<(String, Vec<String>)>, cri::Error> {
        let config = sandbox_config(&self.context, &self.pod, attempt);
        let directory = sandbox_config::log_directory(&self.context, &self.pod);
        let made = match (std::fs::create_dir_all(&directory), self.runtime_handler().await) {
            (Ok(()), Ok(runtime_handler)) => {
                let request = RunPodSandboxRequest { config: Some(config), runtime_handler };
                self.context.runtime.run_pod_sandbox(request).await.map_err(|error| error.to_string())
            }
            (Err(error), _) => Err(format!("{}: {error}", directory.display())),
            (_, Err(error)) => Err(error),
        };
        let id = match made {
            Ok(answer) => answer.pod_sandbox_id,
            Err(error) => {
                let message = format!("Failed to create pod sandbox: {error}");
                self.context.events.pod(&self.pod, None, EventType::Warning, "FailedCreatePodSandBox", message);
                self.retry_at = Some(self.after(RETRY));
                return Ok(None);
            }
        };
        let request = PodSandboxStatusRequest { pod_sandbox_id: id.clone(), verbose: false };
        let network = self.context.runtime.pod_sandbox_status(request).await?.status.and_then(|s| s.network);
        let network = network.unwrap_or_default();
        let more = network.additional_ips.into_iter().map(|ip| ip.ip);
        let own: Vec<String> = std::iter::once(network.ip).chain(more).filter(|ip| !ip.is_empty()).collect();
        let ips = if is_host_network(&self.pod) { self.context.facts.host_ips.clone() } else { own };
        // Fields that tell of the address are known only now.
        self.prepare_volumes(&ips).await;
        Ok(Some((id, ips)))
    }

    /// What the pod's runtime class stands for; the usual handler has no name.
    async fn runtime_handler(&self) -> Result<String, String> {
        let named = spec(&self.pod).runtime_class_name.as_deref().filter(|name| !name.is_empty());
        let Some(class) = named else { return Ok(String::new()) };
        let found = Api::<RuntimeClass>::all(self.context.client.clone()).find(class).await;
        match found.map_err(|status| status.to_string())? {
            Some(found) => Ok(found.handler.clone()),
            None => Err(format!("failed to get sandbox runtime: RuntimeClass \"{class}\" not found")),
        }
    }

    async fn start_all(
        &mut self,
        starts: Vec<(ContainerKind, String, i32)>,
        mut backoffs: BTreeMap<String, Backoff>,
        runtime: &RuntimeState,
        sandbox_id: &str,
        attempt: u32,
        ips: &[String],
    ) {
        let contents = self.contents().await;
        let Some(services) = self.services().await else {
            let message = "services have not yet been read at least once, cannot construct envvars";
            return starts.into_iter().for_each(|(_, name, _)| self.failed(name, unready(message)));
        };
        let sandbox = sandbox_config(&self.context, &self.pod, attempt);
        let (context, post, pod) = (self.context.clone(), self.post.clone(), self.pod.clone());
        for (kind, name, restart_count) in starts {
            if self.rests(&name) {
                if kind == ContainerKind::Init {
                    return;
                }
                continue;
            }
            self.memory.backoffs.extend(backoffs.remove_entry(&name));
            let launch = Launch {
                context: &context,
                post: &post,
                pod: &pod,
                runtime,
                sandbox_id,
                sandbox: &sandbox,
                pod_ips: ips,
                volumes: &self.volumes,
                contents: &contents,
                services: &services,
            };
            let started = launch.start(&name, restart_count, &mut self.puller).await;
            match started {
                Ok(()) => {
                    self.memory.failures.remove(&name);
                    self.post.wake();
                }
                Err(failure) => {
                    self.failed(name, failure);
                    if kind == ContainerKind::Init {
                        return;
                    }
                }
            }
        }
    }

    /// Shown at once, if it is something new.
    fn failed(&mut self, name: String, failure: StartFailure) {
        self.rest(&name, &failure);
        if self.memory.failures.insert(name, failure.clone()) != Some(failure) {
            self.post.wake();
        }
    }

    fn rests(&mut self, name: &str) -> bool {
        let now = self.context.clock.now();
        self.resting.retain(|_, until| *until > now);
        self.resting.contains_key(name)
    }

    /// Another attempt makes sense only after a while, or when something has changed.
    fn rest(&mut self, name: &str, failure: &StartFailure) {
        let until = match failure.reason.as_str() {
            "ErrImagePull" => self.after(PULL_FAILURE_SHOWN),
            "ImagePullBackOff" => self.puller.due(self.context.clock.now()).unwrap_or_else(|| self.after(RETRY)),
            _ => self.after(RETRY),
        };
        self.resting.insert(name.to_owned(), until);
    }

    /// None while they have never been read.
    async fn services(&self) -> Option<Vec<Arc<Service>>> {
        tokio::time::timeout(PATIENCE, self.services.synced()).await.ok()?;
        let snapshot = self.services.snapshot();
        let wanted = [namespace(&self.pod), "default"];
        let near = snapshot.iter().filter(|(key, _)| wanted.contains(&key.namespace.as_str()));
        Some(near.filter_map(|(_, object)| object.typed::<Service>().ok()).collect())
    }

    /// Nothing runs: what it had goes, its end is told, and then it may be forgotten.
    async fn end(&mut self, runtime: &RuntimeState, gone: bool) -> Result<Progress, cri::Error> {
        if !self.torn_down {
            if let Err(error) = volumes::remove(&self.context, uid(&self.pod)) {
                tracing::warn!(pod = name(&self.pod), %error, "volumes of an ended pod are in use");
                return Ok(Progress::Again(Some(self.after(RETRY))));
            }
            self.torn_down = true;
        }
        let computed = self.memory.status.clone().unwrap_or_default();
        let refused = self.memory.verdict.as_ref().is_some_and(|verdict| verdict.refused);
        let last = if refused { computed } else { final_status(&self.pod, &computed) };
        self.memory.status = Some(last.clone());
        if !gone {
            self.show(&last);
            self.teller.tell(last);
            self.teller.flushed().await;
        }
        if !gone && !is_deleted(&self.pod) {
            return Ok(Progress::Again(None));
        }
        self.remove_all(runtime).await?;
        if let Err(error) = self.teller.delete().await {
            tracing::warn!(pod = name(&self.pod), %error, "an ended pod could not be removed from the API");
            return Ok(Progress::Again(Some(self.after(RETRY))));
        }
        Ok(Progress::Over)
    }

    async fn remove_all(&self, runtime: &RuntimeState) -> Result<(), cri::Error> {
        for sandbox in &runtime.sandboxes {
            let request = RemovePodSandboxRequest { pod_sandbox_id: sandbox.id.clone() };
            self.context.runtime.remove_pod_sandbox(request).await?;
        }
        let logs = sandbox_config::log_directory(&self.context, &self.pod);
        orphans::remove_files(&self.context, uid(&self.pod), &logs);
        Ok(())
    }
}

fn unready(message: &str) -> StartFailure {
    StartFailure { reason: "CreateContainerConfigError".into(), message: message.into() }
}

enum Progress {
    /// Look again then, or when woken.
    Again(Option<Timestamp>),
    Over,
}
