//! The conditions that a node keeps on a pod.

use crate::resize::{Answer, in_progress};
use crate::seen::{Memory, RuntimeState};
use crate::spec::{containers, init_containers, is_sidecar, spec};
use crate::steps::sandbox_change;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

const OWNED: [&str; 6] =
    ["PodScheduled", "Ready", "Initialized", "ContainersReady", "PodReadyToStartContainers", "AllContainersRestarting"];

pub fn is_owned(condition: &str) -> bool {
    OWNED.contains(&condition) || condition.starts_with("PodResize")
}

/// What a condition says, before its times.
struct Finding {
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Finding {
    fn holds() -> Finding {
        Finding { holds: true, reason: "", message: String::new() }
    }

    fn fails(reason: &'static str, message: String) -> Finding {
        Finding { holds: false, reason, message }
    }

    fn named(self, kind: &str, pod: &Pod) -> PodCondition {
        let text = |s: String| Some(s).filter(|s| !s.is_empty());
        PodCondition {
            type_: kind.into(),
            status: if self.holds { "True" } else { "False" }.into(),
            reason: text(self.reason.into()),
            message: text(self.message),
            observed_generation: pod.metadata.generation.filter(|g| *g != 0),
            ..PodCondition::default()
        }
    }
}

/// All conditions of a new status: others' first, as they stand, then our own.
pub fn conditions(pod: &Pod, runtime: &RuntimeState, phase: &str, statuses: &[ContainerStatus]) -> Vec<PodCondition> {
    let standing = crate::spec::api_status(pod).conditions.as_deref().unwrap_or_default();
    let mut all: Vec<PodCondition> = standing.iter().filter(|c| !is_owned(&c.type_)).cloned().collect();
    let ready_to_start = sandbox_change(pod, runtime).is_none();
    let sandbox = Finding { holds: ready_to_start, reason: "", message: String::new() };
    all.push(sandbox.named("PodReadyToStartContainers", pod));
    all.push(initialized(pod, phase, statuses).named("Initialized", pod));
    let ready = ready(pod, &all, phase, statuses);
    all.push(ready.named("Ready", pod));
    all.push(containers_ready(pod, phase, statuses).named("ContainersReady", pod));
    all.push(Finding::holds().named("PodScheduled", pod));
    all
}

/// What stands between the resources that the pod asks for and those that it has.
pub fn resize(pod: &Pod, runtime: &RuntimeState, memory: &Memory) -> Vec<PodCondition> {
    let finding = |reason, message: &str| Finding { reason, message: message.into(), ..Finding::holds() };
    let pending = memory.resize_pending.as_ref().and_then(|answer| match answer {
        Answer::Granted => None,
        Answer::Deferred(message) => Some(finding("Deferred", message)),
        Answer::Infeasible(message) => Some(finding("Infeasible", message)),
    });
    let progress = match &memory.resize_error {
        Some(message) => Some(finding("Error", message)),
        None => in_progress(pod, runtime).then(Finding::holds),
    };
    let named = |finding: Option<Finding>, kind: &str| finding.map(|finding| finding.named(kind, pod));
    [named(pending, "PodResizePending"), named(progress, "PodResizeInProgress")].into_iter().flatten().collect()
}

fn initialized(pod: &Pod, phase: &str, statuses: &[ContainerStatus]) -> Finding {
    let is_done = |name: &str, sidecar: bool, s: &ContainerStatus| {
        s.name == name && if sidecar { s.started == Some(true) } else { s.ready }
    };
    let (known, unknown): (Vec<_>, Vec<_>) =
        init_containers(pod).iter().partition(|c| statuses.iter().any(|s| s.name == c.name));
    let incomplete = known.into_iter().filter(|c| !statuses.iter().any(|s| is_done(&c.name, is_sidecar(c), s)));
    let incomplete: Vec<&str> = incomplete.map(|c| c.name.as_str()).collect();
    let unknown: Vec<&str> = unknown.into_iter().map(|c| c.name.as_str()).collect();
    if phase == "Succeeded" && unknown.is_empty() {
        return Finding { reason: "PodCompleted", ..Finding::holds() };
    }
    if has_any_regular_started(pod, statuses) {
        return Finding::holds();
    }
    match complaint(&unknown, "incomplete", &incomplete) {
        Some(message) => Finding::fails("ContainersNotInitialized", message),
        None => Finding::holds(),
    }
}

fn has_any_regular_started(pod: &Pod, statuses: &[ContainerStatus]) -> bool {
    let began = |s: &ContainerStatus| s.state.as_ref().is_some_and(|s| s.running.is_some() || s.terminated.is_some());
    containers(pod).iter().any(|c| statuses.iter().any(|s| s.name == c.name && began(s)))
}

fn containers_ready(pod: &Pod, phase: &str, statuses: &[ContainerStatus]) -> Finding {
    let counted = init_containers(pod).iter().filter(|c| is_sidecar(c)).chain(containers(pod));
    let (known, unknown): (Vec<_>, Vec<_>) = counted.partition(|c| statuses.iter().any(|s| s.name == c.name));
    let unready = known.into_iter().filter(|c| !statuses.iter().any(|s| s.name == c.name && s.ready));
    let unready: Vec<&str> = unready.map(|c| c.name.as_str()).collect();
    let unknown: Vec<&str> = unknown.into_iter().map(|c| c.name.as_str()).collect();
    match phase {
        "Succeeded" if unknown.is_empty() => Finding::fails("PodCompleted", String::new()),
        "Failed" => Finding::fails("PodFailed", String::new()),
        _ => match complaint(&unknown, "unready", &unready) {
            Some(message) => Finding::fails("ContainersNotReady", message),
            None => Finding::holds(),
        },
    }
}

fn ready(pod: &Pod, conditions: &[PodCondition], phase: &str, statuses: &[ContainerStatus]) -> Finding {
    let containers = containers_ready(pod, phase, statuses);
    if !containers.holds {
        return containers;
    }
    let gates = spec(pod).readiness_gates.as_deref().unwrap_or_default();
    let unmet: Vec<String> = gates.iter().filter_map(|gate| gate_complaint(&gate.condition_type, conditions)).collect();
    if unmet.is_empty() { containers } else { Finding::fails("ReadinessGatesNotReady", unmet.join(", ")) }
}

fn gate_complaint(gate: &str, conditions: &[PodCondition]) -> Option<String> {
    match conditions.iter().find(|c| c.type_ == gate) {
        None => Some(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
        Some(c) if c.status != "True" => {
            Some(format!("the status of pod readiness gate \"{gate}\" is not \"True\", but {}", c.status))
        }
        Some(_) => None,
    }
}

fn complaint(unknown: &[&str], adjective: &str, named: &[&str]) -> Option<String> {
    let part = |adjective: &str, names: &[&str]| {
        (!names.is_empty()).then(|| format!("containers with {adjective} status: [{}]", names.join(" ")))
    };
    let parts: Vec<String> = [part("unknown", unknown), part(adjective, named)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A condition keeps the time of its last change of status.
pub fn keep_transition_times(new: &mut PodStatus, old: &PodStatus, now: Timestamp) {
    let old = old.conditions.as_deref().unwrap_or_default();
    for condition in new.conditions.iter_mut().flatten().filter(|c| is_owned(&c.type_) || c.type_ == "DisruptionTarget")
    {
        let kept = old.iter().find(|c| c.type_ == condition.type_ && c.status == condition.status);
        let kept = kept.and_then(|c| c.last_transition_time.clone());
        condition.last_transition_time = Some(kept.unwrap_or(Time(now)));
    }
}
