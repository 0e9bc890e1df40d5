//! Giving a running pod other resources: asking whether there is room, and then changing what holds it.

use super::{RETRY, Worker};
use crate::pods::sandbox_config::resources;
use cri::v1::{LinuxContainerResources, UpdateContainerResourcesRequest, UpdatePodSandboxResourcesRequest};
use k8s_openapi::api::core::v1::Pod;
use plan::EventType;
use podplan::resize::{Answer, asked, in_progress, is_same, summary, with};
use podplan::spec::{api_status, container, is_deleted, is_terminal};
use podplan::{Resize, RuntimeState, cgroup};
use std::sync::Arc;

impl Worker {
    /// The pod with what it was granted, after it was granted more if there is room.
    pub(super) fn as_granted(&mut self, pod: Arc<Pod>) -> Arc<Pod> {
        let wanted = asked(&pod);
        let over = self.memory.terminating || is_deleted(&pod) || is_terminal(api_status(&pod).phase.as_deref());
        if over || is_same(&wanted, &self.granted) {
            self.memory.resize_pending = None;
        } else {
            match self.roster.resize(&pod, &self.context.node()) {
                Answer::Granted => {
                    self.memory.resize_pending = None;
                    self.memory.resize_error = None;
                    self.resizing = true;
                    self.granted = wanted;
                    self.say(&pod, EventType::Normal, "ResizeStarted", "Pod resize started", "");
                }
                refusal => self.refused(&pod, refusal),
            }
        }
        with(pod, &self.granted)
    }

    fn refused(&mut self, pod: &Pod, refusal: Answer) {
        let (reason, title, message) = match &refusal {
            Answer::Granted => return,
            Answer::Infeasible(message) => ("ResizeInfeasible", "Pod resize Infeasible", message.clone()),
            Answer::Deferred(message) => {
                self.retry_at = Some(self.after(RETRY));
                ("ResizeDeferred", "Pod resize Deferred", message.clone())
            }
        };
        if self.memory.resize_pending.replace(refusal.clone()) != Some(refusal) {
            self.say(pod, EventType::Warning, reason, title, &message);
        }
    }

    fn say(&self, pod: &Pod, kind: EventType, reason: &'static str, title: &str, error: &str) {
        self.context.events.pod(pod, None, kind, reason, summary(pod, title, error));
    }

    /// Once what was granted is in force, that is told.
    pub(super) fn tell_resized(&mut self, runtime: &RuntimeState) {
        if self.resizing && !in_progress(&self.pod, runtime) {
            self.resizing = false;
            self.say(&self.pod, EventType::Normal, "ResizeCompleted", "Pod resize completed", "");
        }
    }

    pub(super) async fn resize(&mut self, resize: Resize, sandbox: &str) {
        match self.change(&resize, sandbox).await {
            Ok(()) => {
                self.memory.pod_limits = Some(resize.limits);
                let failed_before = self.memory.resize_error.take().is_some();
                if failed_before || !resize.containers.is_empty() {
                    self.post.wake();
                }
            }
            Err(error) => {
                self.retry_at = Some(self.after(RETRY));
                let error = error.to_string();
                if self.memory.resize_error.replace(error.clone()).as_ref() != Some(&error) {
                    self.say(&self.pod, EventType::Warning, "ResizeError", "Pod resize error", &error);
                    self.post.wake();
                }
            }
        }
    }

    async fn change(&self, resize: &Resize, sandbox: &str) -> Result<(), cri::Error> {
        if resize.loosened != resize.limits {
            self.hold_pod(sandbox, &resize.loosened).await?;
        }
        for (id, name) in &resize.containers {
            let Some((_, spec)) = container(&self.pod, name) else { continue };
            let limits = cgroup::of_one(&self.pod, &spec, self.context.memory_capacity);
            let linux = Some(unlimited_said(resources(&limits)));
            let request = UpdateContainerResourcesRequest { container_id: id.clone(), linux, ..Default::default() };
            self.context.runtime.update_container_resources(request).await?;
        }
        self.hold_pod(sandbox, &resize.limits).await
    }

    async fn hold_pod(&self, sandbox: &str, limits: &cgroup::Limits) -> Result<(), cri::Error> {
        let request = UpdatePodSandboxResourcesRequest {
            pod_sandbox_id: sandbox.into(),
            overhead: None,
            resources: Some(unlimited_said(resources(limits))),
        };
        self.context.runtime.update_pod_sandbox_resources(request).await.map(drop)
    }
}

/// In an update a zero would leave the limit as it is.
fn unlimited_said(mut resources: LinuxContainerResources) -> LinuxContainerResources {
    for limit in [&mut resources.cpu_quota, &mut resources.memory_limit_in_bytes] {
        if *limit == 0 {
            *limit = -1;
        }
    }
    resources
}
