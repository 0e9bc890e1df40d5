//! Giving a running pod other resources: asking whether there is room, and then changing what holds it.

use super::{RETRY, Worker};
use crate::pods::sandbox_config::resources;
use cri::v1::{
    LinuxContainerResources, LinuxPodSandboxStats, MemoryUsage, PodSandboxStatsRequest,
    UpdateContainerResourcesRequest, UpdatePodSandboxResourcesRequest,
};
use k8s_openapi::api::core::v1::Pod;
use plan::EventType;
use podplan::resize::{Answer, asked, in_progress, is_same, summary, with};
use podplan::spec::{api_status, container, is_deleted, is_terminal};
use podplan::{Resize, Resized, RuntimeState, cgroup};
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
        self.check_memory(resize, sandbox).await?;
        if resize.loosened != resize.limits {
            self.hold_pod(sandbox, &resize.loosened).await?;
        }
        for Resized { id, name, .. } in &resize.containers {
            let Some((_, spec)) = container(&self.pod, name) else { continue };
            let limits = cgroup::of_one(&self.pod, &spec, self.context.memory_capacity);
            let linux = Some(unlimited_said(resources(&limits)));
            let request = UpdateContainerResourcesRequest { container_id: id.clone(), linux, ..Default::default() };
            self.context.runtime.update_container_resources(request).await?;
        }
        self.hold_pod(sandbox, &resize.limits).await
    }

    /// Held to less memory than they use, processes would be killed.
    async fn check_memory(&self, resize: &Resize, sandbox: &str) -> Result<(), cri::Error> {
        if resize.tightened.is_none() && resize.containers.iter().all(|c| c.tightened.is_none()) {
            return Ok(());
        }
        let request = PodSandboxStatsRequest { pod_sandbox_id: sandbox.into() };
        let stats = self.context.runtime.pod_sandbox_stats(request).await?.stats.and_then(|stats| stats.linux);
        let complaints = beneath_usage(resize, &stats.unwrap_or_default());
        match complaints.as_slice() {
            [] => Ok(()),
            [one] => Err(refused(one)),
            several => Err(refused(&format!("[{}]", several.join(", ")))),
        }
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

fn refused(why: &str) -> cri::Error {
    cri::Error::FailedPrecondition(format!("cannot decrease memory limits: {why}"))
}

/// What is used already of each limit that becomes tighter.
fn beneath_usage(resize: &Resize, stats: &LinuxPodSandboxStats) -> Vec<String> {
    let used = |memory: &Option<MemoryUsage>| memory.as_ref()?.usage_bytes.map(|bytes| bytes.value);
    let complaint = |what: &str, used: Option<u64>, limit: i64| match used {
        None => Some(format!("missing {what} memory usage")),
        Some(used) if used < u64::try_from(limit).unwrap_or(0) => None,
        Some(used) => Some(format!("attempting to set {what} memory limit ({limit}) below current usage ({used})")),
    };
    let mut complaints = Vec::new();
    complaints.extend(resize.tightened.and_then(|limit| complaint("pod", used(&stats.memory), limit)));
    for Resized { id, name, tightened } in &resize.containers {
        let its = stats.containers.iter().find(|s| s.attributes.as_ref().is_some_and(|a| a.id == *id));
        let bytes = its.and_then(|its| used(&its.memory));
        complaints.extend(tightened.and_then(|limit| complaint(&format!("container \"{name}\""), bytes, limit)));
    }
    complaints
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
