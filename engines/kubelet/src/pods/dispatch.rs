//! Pods that are bound to this node get a worker, in the order in which they came, if there is room for them.

use super::post::Post;
use super::worker::Worker;
use crate::context::Context;
use client::{Api, Cache, Source};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use meta::Object;
use plan::{Change, EventType, Resource};
use podplan::Verdict;
use podplan::admission::{Room, admit};
use podplan::resize::{Answer, judge};
use podplan::spec::{api_status, is_deleted, is_terminal, name, namespace, uid};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;

/// The workers, by the uid of their pods.
#[derive(Default)]
pub struct Roster {
    posts: Mutex<BTreeMap<String, Arc<Post>>>,
    /// Room is given to one after the other.
    room: Mutex<()>,
}

impl Roster {
    fn posts(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Post>>> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wake(&self, uid: &str) {
        self.posts().get(uid).inspect(|post| post.wake());
    }

    pub fn wake_all(&self) {
        self.posts().values().for_each(|post| post.wake());
    }

    pub fn has(&self, uid: &str) -> bool {
        self.posts().contains_key(uid)
    }

    pub fn judge(&self, uid: &str, verdict: Verdict) {
        self.posts().get(uid).inspect(|post| post.judge(verdict));
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a pod may take what it now asks for; if so, the others see that at once.
    pub fn resize(&self, wanted: &Arc<Pod>, node: &Node) -> Answer {
        let _turn = self.turn();
        let others = self.pods();
        let taken: Vec<&Pod> = others.iter().map(|p| &**p).filter(|p| uid(p) != uid(wanted) && takes_room(p)).collect();
        let answer = judge(wanted, &Room { node, taken: &taken });
        if answer == Answer::Granted {
            self.posts().get(uid(wanted)).inspect(|post| post.show(Pod::clone(wanted)));
        }
        answer
    }

    /// All pods of this node, with their newest statuses.
    pub fn pods(&self) -> Vec<Arc<Pod>> {
        self.posts().values().filter_map(|post| post.current()).collect()
    }

    pub fn find(&self, in_namespace: &str, pod_name: &str) -> Option<Arc<Pod>> {
        self.pods().into_iter().find(|pod| namespace(pod) == in_namespace && name(pod) == pod_name)
    }
}

pub struct Dispatcher {
    context: Arc<Context>,
    roster: Arc<Roster>,
    pods: Arc<Cache>,
    services: Arc<Cache>,
    workers: JoinSet<String>,
}

impl Dispatcher {
    pub fn new(context: Arc<Context>, roster: Arc<Roster>) -> Dispatcher {
        let follow = |source| Arc::new(Cache::start(context.client.clone(), context.clock.clone(), source));
        let own = format!("spec.nodeName={}", context.config.node_name);
        let pods = follow(Source::all(Pod::gvr()).fields(&own));
        let services = follow(Source::all(Service::gvr()));
        Dispatcher { context, roster, pods, services, workers: JoinSet::new() }
    }

    /// Waits for all pods to be known, and begins with the oldest.
    pub async fn begin(&mut self) -> client::Changes {
        self.pods.synced().await;
        let changes = self.pods.changes();
        let mut known: Vec<Arc<Pod>> = self.pods.snapshot().iter().filter_map(|(_, object)| typed(object)).collect();
        known.sort_by_key(|pod| pod.metadata.creation_timestamp.clone());
        for pod in known {
            self.seen(pod).await;
        }
        changes
    }

    pub async fn run(mut self, mut changes: client::Changes) {
        loop {
            tokio::select! {
                biased;
                change = changes.recv() => match change {
                    Some(change) => self.changed(&change).await,
                    None => return,
                },
                Some(ended) = self.workers.join_next() => self.ended(ended),
            }
        }
    }

    async fn changed(&mut self, change: &Change) {
        let old = change.old.as_ref().map(|o| o.header.uid.to_string());
        let new = change.new.as_ref().and_then(typed);
        let replaced = new.as_ref().map(|pod| uid(pod)) != old.as_deref();
        if let Some(old) = old.filter(|_| replaced) {
            self.roster.posts().get(&old).inspect(|post| post.put(None));
        }
        if let Some(pod) = new {
            self.seen(pod).await;
        }
    }

    async fn seen(&mut self, pod: Arc<Pod>) {
        let known = self.roster.posts().get(uid(&pod)).cloned();
        match known {
            Some(post) => post.put(Some(&pod)),
            None => self.hire(pod).await,
        }
    }

    async fn hire(&mut self, pod: Arc<Pod>) {
        let post = Post::new(pod.clone());
        let id = uid(&pod).to_owned();
        let mut refusal = self.take(&pod, &post);
        if refusal.is_some() {
            // Whoever bound the pod may know the node better than its last heartbeat did.
            self.look_at_node().await;
            refusal = self.take(&pod, &post);
        }
        let verdict = refusal.map(|refusal| self.tell_refusal(&pod, refusal));
        self.roster.posts().insert(id.clone(), post.clone());
        let (roster, services) = (self.roster.clone(), self.services.clone());
        let worker = Worker::new(self.context.clone(), roster, post, services, pod, verdict);
        self.workers.spawn(async move {
            Box::pin(worker.run()).await;
            id
        });
    }

    fn ended(&mut self, ended: Result<String, tokio::task::JoinError>) {
        match ended {
            Ok(id) => drop(self.roster.posts().remove(&id)),
            Err(error) => tracing::error!(%error, "a pod's worker broke off"),
        }
    }

    async fn look_at_node(&self) {
        match Api::<Node>::all(self.context.client.clone()).get(&self.context.config.node_name).await {
            Ok(node) => self.context.set_node(node),
            Err(error) => tracing::debug!(%error, "the node is judged as it was last seen"),
        }
    }

    /// Gives the pod its room, unless it is refused.
    fn take(&self, pod: &Pod, post: &Arc<Post>) -> Option<Verdict> {
        let _turn = self.roster.turn();
        let refusal = self.refusal(pod);
        if refusal.is_none() {
            self.roster.posts().insert(uid(pod).to_owned(), post.clone());
        }
        refusal
    }

    /// A pod that was taken before, or is about to end, is not asked whether there is room.
    fn refusal(&self, pod: &Pod) -> Option<Verdict> {
        let status = api_status(pod);
        let taken_before = status.start_time.is_some() || is_terminal(status.phase.as_deref());
        if taken_before || is_deleted(pod) {
            return None;
        }
        let others = self.roster.pods();
        let taken: Vec<&Pod> = others.iter().map(|p| &**p).filter(|p| takes_room(p)).collect();
        admit(pod, &Room { node: &self.context.node(), taken: &taken })
    }

    fn tell_refusal(&self, pod: &Pod, refusal: Verdict) -> Verdict {
        self.context.events.pod(pod, None, EventType::Warning, &refusal.reason, refusal.message.clone());
        let message = format!("Pod was rejected: {}", refusal.message);
        Verdict { message, ..refusal }
    }
}

fn takes_room(pod: &Pod) -> bool {
    !is_terminal(api_status(pod).phase.as_deref())
}

/// A pod whose JSON is not a pod's cannot have passed the API.
fn typed(object: &Arc<Object>) -> Option<Arc<Pod>> {
    object.typed::<Pod>().ok()
}
