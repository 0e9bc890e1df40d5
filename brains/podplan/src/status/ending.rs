//! The last statuses of a pod: the end is told only when nothing runs, and every container then has an end.

use super::containers::lost;
use crate::spec::{init_containers, is_terminal};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};

/// While something may run, the phase does not become terminal.
pub fn held_back(new: &PodStatus, told: &PodStatus) -> PodStatus {
    let mut held = new.clone();
    if is_terminal(new.phase.as_deref()) && !is_terminal(told.phase.as_deref()) {
        held.phase = told.phase.clone().or_else(|| Some("Pending".into()));
        held.reason = told.reason.clone();
        held.message = told.message.clone();
    }
    held
}

/// Nothing runs and nothing is kept any more: what has no end is given one.
pub fn final_status(pod: &Pod, status: &PodStatus) -> PodStatus {
    let mut last = status.clone();
    let init = last.init_container_statuses.get_or_insert_default();
    let began = init.iter().rposition(|s| !is_waiting(s) || has_ended_before(s)).map_or(1, |last| last + 1);
    init.iter_mut().take(began).for_each(end);
    if has_initialized(pod, &last) {
        last.container_statuses.iter_mut().flatten().for_each(end);
    }
    last.init_container_statuses = last.init_container_statuses.filter(|l| !l.is_empty());
    if !is_terminal(last.phase.as_deref()) {
        last.phase = Some("Failed".into());
    }
    let reason = if last.phase.as_deref() == Some("Failed") { "PodFailed" } else { "PodCompleted" };
    for condition in last.conditions.iter_mut().flatten() {
        unready(condition, reason);
    }
    last
}

fn unready(condition: &mut PodCondition, reason: &str) {
    if matches!(condition.type_.as_str(), "Ready" | "ContainersReady") && condition.status == "True" {
        condition.status = "False".into();
        condition.reason = Some(reason.into());
    }
}

fn is_waiting(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_none_or(|s| s.waiting.is_some())
}

fn has_ended_before(status: &ContainerStatus) -> bool {
    status.last_state.as_ref().is_some_and(|s| s.terminated.is_some())
}

fn end(status: &mut ContainerStatus) {
    if status.state.as_ref().is_none_or(|s| s.terminated.is_none()) {
        status.state = Some(lost("The container could not be located when the pod was terminated"));
    }
}

/// Whether regular containers could have begun: there are no init containers, or the last one has ended well.
fn has_initialized(pod: &Pod, status: &PodStatus) -> bool {
    let regular = status.container_statuses.as_deref().unwrap_or_default();
    if regular.iter().any(|s| has_ended_before(s) || !is_waiting(s)) {
        return true;
    }
    let Some(last) = init_containers(pod).last() else { return true };
    let last = status.init_container_statuses.iter().flatten().find(|s| s.name == last.name);
    last.is_some_and(|s| s.ready || s.state.as_ref().is_some_and(|s| s.running.is_some()))
}
