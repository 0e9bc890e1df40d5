//! Telling the API what became of a pod: the newest status wins, and one write runs at a time.

use crate::context::Context;
use client::{Api, DeleteOptions, PatchKind};
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use meta::{Reason, Status, Value};
use podplan::spec::{api_status, name, namespace, uid};
use podplan::status_patch;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Others write to a pod as well; so often in a row they do not.
const CONFLICTS: usize = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// One pod's line to the API.
pub struct Teller {
    context: Arc<Context>,
    state: Mutex<State>,
    idle: watch::Sender<bool>,
}

struct State {
    /// The pod as the API last showed it.
    told: Arc<Pod>,
    pending: Option<PodStatus>,
}

impl Teller {
    pub fn new(context: Arc<Context>, pod: Arc<Pod>) -> Arc<Teller> {
        let state = Mutex::new(State { told: pod, pending: None });
        Arc::new(Teller { context, state, idle: watch::Sender::new(true) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a watch has shown; an older view than that of our own last write is left aside.
    pub fn saw(&self, pod: &Arc<Pod>) {
        let mut state = self.state();
        if revision(pod) >= revision(&state.told) {
            state.told = pod.clone();
        }
    }

    pub fn told_status(&self) -> PodStatus {
        api_status(&self.state().told).clone()
    }

    pub fn tell(self: &Arc<Self>, status: PodStatus) {
        let mut state = self.state();
        if state.pending.is_none() && status_patch(api_status(&state.told), &status).is_none() {
            return;
        }
        state.pending = Some(status);
        drop(state);
        if self.idle.send_replace(false) {
            tokio::spawn(self.clone().write_all());
        }
    }

    /// Waits until everything has been told.
    pub async fn flushed(&self) {
        // The sender is this very teller.
        let _ = self.idle.subscribe().wait_for(|idle| *idle).await;
    }

    async fn write_all(self: Arc<Self>) {
        let mut backoff = client::Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let Some(status) = self.next() else { return };
            match self.write(&status).await {
                Ok(()) => backoff.succeeded(),
                Err(error) if error.is(Reason::NotFound) => {}
                Err(error) => {
                    tracing::debug!(%error, "a pod's status waits to be told");
                    self.state().pending.get_or_insert(status);
                    tokio::time::sleep(backoff.failed(self.context.clock.random())).await;
                }
            }
        }
    }

    /// The next status to write; going idle and finding nothing are one step.
    fn next(&self) -> Option<PodStatus> {
        let mut state = self.state();
        let next = state.pending.take();
        if next.is_none() {
            self.idle.send_replace(true);
        }
        next
    }

    fn api(&self, pod: &Pod) -> Api<Pod> {
        Api::namespaced(self.context.client.clone(), namespace(pod))
    }

    async fn write(&self, status: &PodStatus) -> Result<(), Status> {
        for _ in 0..CONFLICTS {
            match self.attempt(status).await {
                Err(error) if error.is(Reason::Conflict) => self.look_again().await?,
                result => return result,
            }
        }
        self.attempt(status).await
    }

    async fn attempt(&self, status: &PodStatus) -> Result<(), Status> {
        let told = self.state().told.clone();
        let Some(changes) = status_patch(api_status(&told), status) else { return Ok(()) };
        let mut patch = Value::map();
        patch.set("metadata.uid", uid(&told));
        // Lists are written whole: whoever else changed them must be seen first.
        patch.set("metadata.resourceVersion", told.metadata.resource_version.clone());
        patch.set("status", changes);
        match self.api(&told).patch_status(name(&told), PatchKind::Merge, patch).await {
            Ok(pod) => {
                self.saw(&pod);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn look_again(&self) -> Result<(), Status> {
        let told = self.state().told.clone();
        let pod = self.api(&told).get(name(&told)).await?;
        if uid(&pod) == uid(&told) {
            self.saw(&pod);
            return Ok(());
        }
        // Another pod of the same name: ours is gone.
        self.state().pending = None;
        Ok(())
    }

    /// Removes the pod from the API, unless another has taken its name.
    pub async fn delete(&self) -> Result<(), Status> {
        let told = self.state().told.clone();
        let options =
            DeleteOptions { grace_seconds: Some(0), uid: Some(uid(&told).into()), ..DeleteOptions::default() };
        match self.api(&told).delete(name(&told), options).await {
            Err(error) if error.is(Reason::NotFound) || error.is(Reason::Conflict) => Ok(()),
            result => result.map(drop),
        }
    }
}

fn revision(pod: &Pod) -> u64 {
    pod.metadata.resource_version.as_deref().and_then(|r| r.parse().ok()).unwrap_or(0)
}
