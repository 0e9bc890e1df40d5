//! Whether a pod needs another sandbox, and what is started in it.

use super::{Actions, Seen};
use crate::seen::{InstanceState, RuntimeState};
use crate::spec::{
    ContainerKind, containers, init_containers, is_host_network, is_sidecar, pod_restarts_on_failure, spec,
};
use k8s_openapi::api::core::v1::Pod;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSandbox {
    pub attempt: u32,
    pub replaces: Option<String>,
}

/// None when the newest sandbox is the one and serves.
pub fn sandbox_change(pod: &Pod, runtime: &RuntimeState) -> Option<NewSandbox> {
    let Some(newest) = runtime.sandboxes.first() else {
        return Some(NewSandbox { attempt: 0, replaces: None });
    };
    let several = runtime.sandboxes.iter().filter(|s| s.ready).count() > 1;
    let elsewhere = newest.host_network != is_host_network(pod);
    let unreachable = !newest.host_network && newest.ips.is_empty();
    let changed = several || !newest.ready || elsewhere || unreachable;
    changed.then(|| NewSandbox { attempt: newest.attempt + 1, replaces: Some(newest.id.clone()) })
}

/// A new sandbox begins from the beginning, unless the pod has nothing left to do.
pub(super) fn start_over(seen: &Seen<'_>, change: NewSandbox, actions: &mut Actions) {
    actions.kill_pod = true;
    let has_run = !seen.runtime.containers.is_empty();
    if !pod_restarts_on_failure(seen.pod) && change.attempt != 0 && has_run {
        return;
    }
    let starts: Vec<_> = containers(seen.pod).iter().filter(|c| !has_succeeded_for_good(seen, c)).collect();
    if starts.is_empty() && containers(seen.pod).iter().any(|c| seen.runtime.latest(&c.name).is_some()) {
        return;
    }
    actions.new_sandbox = Some(change);
    match init_containers(seen.pod).first() {
        Some(first) if is_sidecar(first) => actions.starts.push((ContainerKind::Sidecar, first.name.clone())),
        Some(first) => actions.starts.push((ContainerKind::Init, first.name.clone())),
        None => actions.starts.extend(starts.iter().map(|c| (ContainerKind::Regular, c.name.clone()))),
    }
}

fn has_succeeded_for_good(seen: &Seen<'_>, container: &k8s_openapi::api::core::v1::Container) -> bool {
    let policy = container.restart_policy.as_deref().or(spec(seen.pod).restart_policy.as_deref());
    let ended = seen.runtime.latest(&container.name);
    policy == Some("OnFailure") && ended.is_some_and(|i| i.state == InstanceState::Exited && i.exit_code == 0)
}
