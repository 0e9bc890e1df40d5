//! A pod's status: computed whole from the pod, what runs, and what was said before.

mod conditions;
mod containers;
mod ending;
mod patch;
mod phase;
mod readiness;

pub use conditions::is_owned;
pub use containers::should_start;
pub use ending::{final_status, held_back};
pub use patch::status_patch;

use crate::resources::qos_class;
use crate::seen::{Memory, NodeFacts, RuntimeState, StartFailure, Verdict};
use crate::spec::{
    ContainerKind, api_status, common, containers as regular, ephemeral_containers, init_containers, is_host_network,
    is_sidecar, is_terminal,
};
use containers::{Sources, whole_second};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, ContainerStatus, HostIP, Pod, PodIP, PodStatus};
use std::collections::BTreeMap;

/// Termination messages of all containers share so many bytes.
const MOST_MESSAGE_BYTES: usize = 12 * 1024;

/// What a status is computed from.
pub struct Look<'a> {
    pub pod: &'a Pod,
    pub runtime: &'a RuntimeState,
    pub memory: &'a Memory,
    pub failures: &'a BTreeMap<String, StartFailure>,
    pub verdict: Option<&'a Verdict>,
    /// Nothing runs any more and nothing will be restarted.
    pub ending: bool,
    pub node: &'a NodeFacts,
    pub now: Timestamp,
}

pub fn status(look: &Look<'_>) -> PodStatus {
    let old = look.memory.status.as_ref().unwrap_or_else(|| api_status(look.pod));
    if let Some(verdict) = look.verdict.filter(|verdict| verdict.refused) {
        return refused(look, old, verdict);
    }
    let mut new = container_statuses(look, old);
    new.qos_class = Some(qos_class(look.pod).into());
    set_phase(look, old, &mut new);
    readiness::apply(look, old, &mut new);
    let all: Vec<ContainerStatus> = [&new.init_container_statuses, &new.container_statuses]
        .into_iter()
        .flat_map(|list| list.iter().flatten().cloned())
        .collect();
    let phase = new.phase.clone().unwrap_or_default();
    let mut conditions = conditions::conditions(look.pod, look.runtime, &phase, &all);
    conditions.extend(conditions::resize(look.pod, look.runtime, look.memory));
    new.conditions = Some(conditions);
    set_addresses(look, old, &mut new);
    conditions::keep_transition_times(&mut new, old, look.now);
    new.start_time = old.start_time.clone().or_else(|| Some(whole_second(look.now)));
    new.observed_generation = look.pod.metadata.generation.filter(|g| *g != 0);
    keep_foreign(&mut new, look.pod);
    shorten_messages(look.pod, &mut new);
    new
}

fn refused(look: &Look<'_>, old: &PodStatus, verdict: &Verdict) -> PodStatus {
    PodStatus {
        phase: Some("Failed".into()),
        reason: Some(verdict.reason.clone()),
        message: Some(verdict.message.clone()),
        qos_class: Some(qos_class(look.pod).into()),
        conditions: api_status(look.pod).conditions.clone(),
        start_time: old.start_time.clone().or_else(|| Some(whole_second(look.now))),
        observed_generation: look.pod.metadata.generation.filter(|g| *g != 0),
        ..PodStatus::default()
    }
}

fn container_statuses(look: &Look<'_>, old: &PodStatus) -> PodStatus {
    let sources = Sources {
        pod: look.pod,
        runtime: look.runtime,
        failures: look.failures,
        node: look.node,
        has_init: !init_containers(look.pod).is_empty(),
    };
    let of = |kind: ContainerKind, spec: &Container, old: &Option<Vec<ContainerStatus>>| {
        let before = old.iter().flatten().find(|s| s.name == spec.name);
        sources.status(kind, spec, before)
    };
    let init = init_containers(look.pod).iter().map(|c| {
        let kind = if is_sidecar(c) { ContainerKind::Sidecar } else { ContainerKind::Init };
        of(kind, c, &old.init_container_statuses)
    });
    let mut running: Vec<_> =
        regular(look.pod).iter().map(|c| of(ContainerKind::Regular, c, &old.container_statuses)).collect();
    running.sort_by(|a, b| a.name.cmp(&b.name));
    let ephemeral = ephemeral_containers(look.pod).iter().map(common);
    let mut ephemeral: Vec<_> =
        ephemeral.map(|c| of(ContainerKind::Ephemeral, &c, &old.ephemeral_container_statuses)).collect();
    ephemeral.sort_by(|a, b| a.name.cmp(&b.name));
    let present = |list: Vec<ContainerStatus>| Some(list).filter(|l| !l.is_empty());
    PodStatus {
        init_container_statuses: present(init.collect()),
        container_statuses: present(running),
        ephemeral_container_statuses: present(ephemeral),
        ..PodStatus::default()
    }
}

/// The computed phase, unless a verdict or an end that was already told stands above it.
fn set_phase(look: &Look<'_>, old: &PodStatus, new: &mut PodStatus) {
    let regular_and_init = [&new.container_statuses, &new.init_container_statuses];
    let all: Vec<ContainerStatus> = regular_and_init.into_iter().flat_map(|l| l.iter().flatten().cloned()).collect();
    let computed = phase::phase(look.pod, &all, look.ending, has_initialized(look));
    let told = [old.phase.as_deref(), api_status(look.pod).phase.as_deref()];
    let phase = told.into_iter().find(|p| is_terminal(*p)).flatten().filter(|_| !is_terminal(Some(computed)));
    let phase = phase.unwrap_or(computed).to_owned();
    if Some(phase.as_str()) == old.phase.as_deref() {
        new.reason = old.reason.clone().or_else(|| api_status(look.pod).reason.clone());
        new.message = old.message.clone().or_else(|| api_status(look.pod).message.clone());
    }
    new.phase = Some(phase);
    if let Some(verdict) = look.verdict {
        new.phase = Some("Failed".into());
        new.reason = Some(verdict.reason.clone());
        new.message = Some(verdict.message.clone()).filter(|m| !m.is_empty());
    }
    if is_terminal(api_status(look.pod).phase.as_deref()) {
        new.phase = api_status(look.pod).phase.clone();
    }
}

fn has_initialized(look: &Look<'_>) -> bool {
    let active = look.runtime.active_sandbox().map(|s| s.id.as_str());
    look.runtime.containers.iter().any(|instance| {
        Some(instance.sandbox_id.as_str()) == active && regular(look.pod).iter().any(|c| c.name == instance.name)
    })
}

fn set_addresses(look: &Look<'_>, old: &PodStatus, new: &mut PodStatus) {
    let of_sandbox = look.runtime.active_sandbox().map(|s| s.ips.clone()).unwrap_or_default();
    let hosts = &look.node.host_ips;
    let ips = match is_host_network(look.pod) {
        true => hosts.clone(),
        // What ended keeps the address it had, until it is deleted.
        false if of_sandbox.is_empty() && (look.memory.terminating || is_terminal(new.phase.as_deref())) => {
            old.pod_ips.iter().flatten().map(|p| p.ip.clone()).collect()
        }
        false => of_sandbox,
    };
    new.pod_ip = ips.first().cloned();
    new.pod_ips = Some(ips.into_iter().map(|ip| PodIP { ip }).collect::<Vec<_>>()).filter(|l| !l.is_empty());
    new.host_ip = hosts.first().cloned();
    new.host_ips = Some(hosts.iter().cloned().map(|ip| HostIP { ip }).collect::<Vec<_>>()).filter(|l| !l.is_empty());
}

fn keep_foreign(new: &mut PodStatus, pod: &Pod) {
    let api = api_status(pod);
    new.nominated_node_name = api.nominated_node_name.clone();
    new.resource_claim_statuses = api.resource_claim_statuses.clone();
    new.extended_resource_claim_status = api.extended_resource_claim_status.clone();
}

fn shorten_messages(pod: &Pod, status: &mut PodStatus) {
    let count = crate::spec::all_containers(pod).count().max(1);
    let most = MOST_MESSAGE_BYTES / count;
    let lists =
        [&mut status.init_container_statuses, &mut status.container_statuses, &mut status.ephemeral_container_statuses];
    for container in lists.into_iter().flatten().flatten() {
        for state in [&mut container.state, &mut container.last_state].into_iter().flatten() {
            if let Some(message) = state.terminated.as_mut().and_then(|t| t.message.as_mut()) {
                let end = (0..=most.min(message.len())).rev().find(|i| message.is_char_boundary(*i));
                message.truncate(end.unwrap_or(0));
            }
        }
    }
}
