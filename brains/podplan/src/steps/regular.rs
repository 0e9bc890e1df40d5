//! Regular containers: those that should run and do not, and those that must not go on as they are.

use super::termination::{KillReason, kill};
use super::{Actions, Seen, container_hash, resizes};
use crate::probe::Verdict;
use crate::seen::{Instance, InstanceState};
use crate::spec::{ContainerKind, containers, pod_restarts_on_failure};
use crate::status::should_start;
use k8s_openapi::api::core::v1::Container;

pub fn decide(seen: &Seen<'_>, actions: &mut Actions) {
    let (mut kept, mut started) = (0, 0);
    for container in containers(seen.pod) {
        let latest = seen.runtime.latest(&container.name);
        let starts = match latest.filter(|i| i.state == InstanceState::Running) {
            None => start_again(seen, container, latest, actions),
            Some(running) => match complaint(seen, container, running, actions) {
                None => {
                    kept += 1;
                    false
                }
                Some(complaint) => stop(seen, container, running, &complaint, actions),
            },
        };
        if starts {
            started += 1;
            actions.starts.push((ContainerKind::Regular, container.name.clone()));
        }
    }
    if kept == 0 && started == 0 {
        actions.kill_pod = true;
        // Sidecars alone do not keep a pod alive.
        actions.starts.retain(|(kind, _)| *kind == ContainerKind::Ephemeral);
    }
}

fn start_again(seen: &Seen<'_>, container: &Container, latest: Option<&Instance>, actions: &mut Actions) -> bool {
    let starts = should_start(seen.pod, container, seen.runtime);
    if let Some(unknown) = latest.filter(|i| starts && i.state == InstanceState::Unknown) {
        let message = "Container is in \"unknown\" state, try killing it before restart".to_owned();
        actions.kills.push(kill(seen.pod, container, unknown, message, KillReason::Other));
    }
    starts
}

struct Complaint {
    message: String,
    reason: KillReason,
    restarts: bool,
}

fn complaint(seen: &Seen<'_>, container: &Container, running: &Instance, actions: &mut Actions) -> Option<Complaint> {
    let name = &container.name;
    let policy = container.restart_policy.as_deref();
    let restarts = policy.map_or_else(|| pod_restarts_on_failure(seen.pod), |policy| policy != "Never");
    let probes = seen.memory.probes.get(&running.id).copied().unwrap_or_default();
    let (what, reason, restarts) = if !running.hash.is_empty() && running.hash != container_hash(container) {
        ("definition changed", KillReason::Other, true)
    } else if probes.liveness == Some(Verdict::Failure) {
        ("failed liveness probe", KillReason::Liveness, restarts)
    } else if probes.startup == Some(Verdict::Failure) {
        ("failed startup probe", KillReason::Startup, restarts)
    } else if !resizes::in_place(seen, container, running, actions) {
        let message = format!("Container {name} resize requires restart");
        return Some(Complaint { message, reason: KillReason::Other, restarts: true });
    } else {
        return None;
    };
    let ending = if restarts { ", will be restarted" } else { "" };
    Some(Complaint { message: format!("Container {name} {what}{ending}"), reason, restarts })
}

/// True when it starts again afterwards.
fn stop(seen: &Seen<'_>, container: &Container, running: &Instance, what: &Complaint, actions: &mut Actions) -> bool {
    actions.kills.push(kill(seen.pod, container, running, what.message.clone(), what.reason));
    what.restarts
}
