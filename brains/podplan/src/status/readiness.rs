//! What the probes make of a container: whether it has started and whether it is ready.

use crate::probe::Verdict;
use crate::seen::{Instance, InstanceState};
use crate::spec::{container, init_containers, is_sidecar};
use crate::status::Look;
use k8s_openapi::api::core::v1::{Container, ContainerStatus, PodStatus};

pub fn apply(look: &Look<'_>, old: &PodStatus, new: &mut PodStatus) {
    for status in new.container_statuses.iter_mut().flatten() {
        judge(look, &old.container_statuses, status);
    }
    for status in new.init_container_statuses.iter_mut().flatten() {
        let sidecar = init_containers(look.pod).iter().any(|c| c.name == status.name && is_sidecar(c));
        judge(look, &old.init_container_statuses, status);
        if !sidecar {
            let terminated = status.state.as_ref().and_then(|s| s.terminated.as_ref());
            status.ready = terminated.is_some_and(|t| t.exit_code == 0);
        }
    }
}

fn judge(look: &Look<'_>, old: &Option<Vec<ContainerStatus>>, status: &mut ContainerStatus) {
    let running = status.state.as_ref().is_some_and(|s| s.running.is_some());
    let spec = container(look.pod, &status.name);
    let instance = look.runtime.latest(&status.name).filter(|i| running && i.state == InstanceState::Running);
    let (Some((_, spec)), Some(instance)) = (spec, instance) else {
        status.started = Some(false);
        status.ready = false;
        return;
    };
    // A status of the same instance that was told before: it outlives a restart of this process.
    let before = old.iter().flatten().find(|s| s.name == status.name && s.container_id == status.container_id);
    let started = is_started(look, instance, &spec, before);
    status.started = Some(started);
    status.ready = started && is_ready(look, instance, &spec, before);
}

fn is_started(look: &Look<'_>, instance: &Instance, spec: &Container, before: Option<&ContainerStatus>) -> bool {
    match look.memory.probes.get(&instance.id).and_then(|p| p.startup) {
        Some(verdict) => verdict == Verdict::Success,
        None => spec.startup_probe.is_none() || before.is_some_and(|s| s.started == Some(true)),
    }
}

fn is_ready(look: &Look<'_>, instance: &Instance, spec: &Container, before: Option<&ContainerStatus>) -> bool {
    match look.memory.probes.get(&instance.id).and_then(|p| p.readiness) {
        Some(verdict) => verdict == Verdict::Success,
        None if spec.readiness_probe.is_none() => true,
        None => {
            let adopted = instance.started_at.is_some_and(|started| started < look.node.started);
            adopted && before.is_some_and(|s| s.ready)
        }
    }
}
