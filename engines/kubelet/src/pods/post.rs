//! Where the rest of the kubelet puts down what concerns a pod, and its worker picks it up.

use k8s_openapi::api::core::v1::{Pod, PodCondition};
use podplan::probe::ProbeResults;
use podplan::spec::{api_status, is_deleted};
use podplan::{RuntimeState, Verdict, is_owned, status_patch};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};

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
        } else if pod.is_some_and(|pod| self.is_overwritten(pod)) {
            self.wake();
        }
    }

    /// Somebody else has written what the worker answers for: the pods of a node that was thought dead are told unready.
    fn is_overwritten(&self, pod: &Pod) -> bool {
        let shown = self.status.borrow();
        shown.as_ref().is_some_and(|shown| status_patch(api_status(pod), api_status(shown)).is_some())
    }

    pub fn tell_news(&self) {
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

    /// Resolves when somebody has put something down.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether there were news since the last time that this was asked.
    pub fn takes_news(&self) -> bool {
        self.news.swap(false, Ordering::AcqRel)
    }

    /// The pod as the API shows it; none when it is gone.
    pub fn pod(&self) -> Option<Arc<Pod>> {
        self.pod.borrow().clone()
    }

    /// The pod with the status that its worker has computed.
    pub fn show(&self, pod: Pod) {
        self.status.send_replace(Some(Arc::new(pod)));
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

    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn probes(&self, runtime: &RuntimeState) -> BTreeMap<String, ProbeResults> {
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
