//! How containers are stopped: with what grace, after which others.

use super::Step;
use crate::seen::{Instance, RuntimeState};
use crate::spec::{containers, init_containers, is_sidecar, spec};
use k8s_openapi::api::core::v1::{Container, Pod, Probe};

/// Even a forced end leaves a process a moment to leave by itself.
pub const SHORTEST_GRACE_SECONDS: i64 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    pub id: String,
    pub name: String,
    pub grace_seconds: i64,
    /// Containers that must have ended before this one is told to.
    pub after: Vec<String>,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    Startup,
    Liveness,
    Other,
}

pub fn kill(pod: &Pod, container: &Container, instance: &Instance, message: String, reason: KillReason) -> Kill {
    Kill {
        id: instance.id.clone(),
        name: instance.name.clone(),
        grace_seconds: grace(pod, Some(container), reason),
        after: Vec::new(),
        message,
    }
}

/// Everything that runs, sidecars last and in reverse, and the sandboxes.
pub fn kill_pod(pod: &Pod, runtime: &RuntimeState) -> Step {
    let running: Vec<&str> = runtime.running().map(|i| i.name.as_str()).collect();
    let kills = runtime.running().map(|instance| Kill {
        id: instance.id.clone(),
        name: instance.name.clone(),
        grace_seconds: grace(pod, None, KillReason::Other),
        after: predecessors(pod, &instance.name, &running),
        message: format!("Stopping container {}", instance.name),
    });
    let sandboxes = runtime.sandboxes.iter().map(|s| s.id.clone()).collect();
    Step::KillPod { kills: kills.collect(), sandboxes }
}

fn predecessors(pod: &Pod, name: &str, running: &[&str]) -> Vec<String> {
    let sidecars: Vec<&str> = init_containers(pod).iter().filter(|c| is_sidecar(c)).map(|c| c.name.as_str()).collect();
    let Some(position) = sidecars.iter().position(|sidecar| *sidecar == name) else { return Vec::new() };
    let regular = containers(pod).iter().map(|c| c.name.as_str());
    let later = sidecars[position + 1..].iter().copied();
    regular.chain(later).filter(|other| running.contains(other)).map(str::to_owned).collect()
}

pub fn grace(pod: &Pod, container: Option<&Container>, reason: KillReason) -> i64 {
    let probe: Option<&Probe> = container.and_then(|c| match reason {
        KillReason::Startup => c.startup_probe.as_ref(),
        KillReason::Liveness => c.liveness_probe.as_ref(),
        KillReason::Other => None,
    });
    let asked = match pod.metadata.deletion_grace_period_seconds {
        Some(seconds) => Some(seconds),
        None => probe.and_then(|p| p.termination_grace_period_seconds).or(spec(pod).termination_grace_period_seconds),
    };
    asked.unwrap_or(SHORTEST_GRACE_SECONDS).max(SHORTEST_GRACE_SECONDS)
}
