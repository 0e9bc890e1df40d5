//! Resizing a pod in place: what its node has granted, whether more is granted, and what of it is not yet in force.

mod force;

pub use force::{Way, due, in_force, in_progress, loosened};

use crate::admission::{Room, admit};
use crate::resources::{Side, amounts, of_pod};
use crate::spec::{ContainerKind, all_containers, api_status, containers, init_containers, is_sidecar};
use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod, ResourceRequirements};
use meta::Quantity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the containers that may be resized are granted, by name.
pub type Allocation = BTreeMap<String, ResourceRequirements>;

/// Only what runs on can be resized: not the containers that initialize, and not those that look at others.
fn resizable(pod: &Pod) -> impl Iterator<Item = &Container> {
    init_containers(pod).iter().filter(|c| is_sidecar(c)).chain(containers(pod))
}

/// What the specification asks for.
pub fn asked(pod: &Pod) -> Allocation {
    resizable(pod).map(|c| (c.name.clone(), c.resources.clone().unwrap_or_default())).collect()
}

/// What an earlier run of this node has granted, as the status tells it; all that is asked if it tells nothing.
pub fn granted_before(pod: &Pod) -> Allocation {
    let status = api_status(pod);
    let lists = [&status.init_container_statuses, &status.container_statuses];
    let told = |name: &str| lists.into_iter().flatten().flatten().find(|s| s.name == name).and_then(told_by);
    let mut granted = asked(pod);
    for (name, resources) in &mut granted {
        if let Some(told) = told(name) {
            *resources = told;
        }
    }
    granted
}

fn told_by(status: &ContainerStatus) -> Option<ResourceRequirements> {
    let in_force = status.resources.clone()?;
    Some(ResourceRequirements { requests: status.allocated_resources.clone(), ..in_force })
}

/// Whether they mean the same, however they are written.
pub fn is_same(one: &Allocation, other: &Allocation) -> bool {
    let plain = |all: &Allocation| -> Vec<_> {
        let each = |(name, r): (&String, &ResourceRequirements)| {
            (name.clone(), amounts(r.requests.as_ref()), amounts(r.limits.as_ref()))
        };
        all.iter().map(each).collect()
    };
    plain(one) == plain(other)
}

/// The pod as it may run: with what it was granted in place of what it asks for.
pub fn with(pod: Arc<Pod>, granted: &Allocation) -> Arc<Pod> {
    if asked(&pod) == *granted {
        return pod;
    }
    let mut pod = Arc::unwrap_or_clone(pod);
    let spec = pod.spec.get_or_insert_default();
    let sidecars = spec.init_containers.iter_mut().flatten().filter(|c| is_sidecar(c));
    for container in sidecars.chain(&mut spec.containers) {
        if let Some(resources) = granted.get(&container.name) {
            container.resources = Some(resources.clone());
        }
    }
    pod.into()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Granted,
    /// Perhaps later, when others have left.
    Deferred(String),
    /// Not on this node.
    Infeasible(String),
}

/// Whether the node has room for what the pod now asks for.
pub fn judge(pod: &Pod, room: &Room<'_>) -> Answer {
    let capacity = amounts(room.node.status.as_ref().and_then(|s| s.allocatable.as_ref()));
    let requests = of_pod(pod, Side::Requests);
    for name in ["memory", "cpu"] {
        let measure = |quantity: &Quantity| if name == "cpu" { quantity.milli_value() } else { quantity.value() };
        let [wanted, most] = [&requests, &capacity].map(|all| all.get(name).map_or(0, measure));
        if wanted > most {
            let message = format!("Node didn't have enough capacity: {name}, requested: {wanted}, capacity: {most}");
            return Answer::Infeasible(message);
        }
    }
    match admit(pod, room) {
        None => Answer::Granted,
        Some(refusal) => Answer::Deferred(refusal.message),
    }
}

/// What an event says: the resources of each container, and the generation that asks for them.
pub fn summary(pod: &Pod, title: &str, error: &str) -> String {
    let of = |wanted: &[ContainerKind]| -> Vec<Value> {
        let all = all_containers(pod).filter(|(kind, _)| wanted.contains(kind));
        all.map(|(_, c)| json!({"name": c.name, "resources": c.resources.clone().unwrap_or_default()})).collect()
    };
    let mut parts = Vec::new();
    for (name, list) in [
        ("initContainers", of(&[ContainerKind::Init, ContainerKind::Sidecar])),
        ("containers", of(&[ContainerKind::Regular])),
    ] {
        if !list.is_empty() {
            parts.push(format!("\"{name}\":{}", Value::from(list)));
        }
    }
    parts.push(format!("\"generation\":{}", pod.metadata.generation.unwrap_or(0)));
    if !error.is_empty() {
        parts.push(format!("\"error\":{}", Value::from(error)));
    }
    format!("{title}: {{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Node;

    fn pod(resources: &str, status: &str) -> Pod {
        let json = format!(
            r#"{{"metadata":{{"generation":2}},"spec":{{"containers":[{{"name":"a","resources":{resources}}}]}},
               "status":{{{status}}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn check_judge(cpu: &str, expect: &Answer) {
        let node: Node = serde_json::from_str(
            r#"{"metadata":{"name":"node"},"status":{"allocatable":{"cpu":"2","memory":"1Gi","pods":"2"}}}"#,
        )
        .unwrap();
        let other = pod(r#"{"requests":{"cpu":"1500m"}}"#, "");
        let pod = pod(&format!(r#"{{"requests":{{"cpu":"{cpu}"}}}}"#), "");
        assert_eq!(judge(&pod, &Room { node: &node, taken: &[&other] }), *expect, "{cpu}");
    }

    #[test]
    fn what_fits_is_granted() {
        check_judge("500m", &Answer::Granted);
        let message = "Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000";
        check_judge("600m", &Answer::Deferred(message.into()));
        let message = "Node didn't have enough capacity: cpu, requested: 2001, capacity: 2000";
        check_judge("2001m", &Answer::Infeasible(message.into()));
    }

    #[test]
    fn what_was_granted_is_told_by_the_status() {
        let told = r#""containerStatuses":[{"name":"a","image":"","imageID":"","ready":true,"restartCount":0,
            "allocatedResources":{"cpu":"20m"},"resources":{"requests":{"cpu":"15m"},"limits":{"cpu":"1"}}}]"#;
        let wanted = r#"{"requests":{"cpu":"25m"},"limits":{"cpu":"2"}}"#;
        let granted = granted_before(&pod(wanted, told));
        let expect = asked(&pod(r#"{"requests":{"cpu":"0.02"},"limits":{"cpu":"1000m"}}"#, ""));
        assert!(is_same(&granted, &expect), "{granted:?}");
        assert_eq!(granted_before(&pod(wanted, "")), asked(&pod(wanted, "")));
        let as_granted = with(pod(wanted, told).into(), &granted);
        assert_eq!(asked(&as_granted), granted);
    }

    #[test]
    fn events_carry_the_numbers() {
        let pod = pod(r#"{"requests":{"cpu":"25m"}}"#, "");
        let containers = r#""containers":[{"name":"a","resources":{"requests":{"cpu":"25m"}}}]"#;
        assert_eq!(
            summary(&pod, "Pod resize started", ""),
            format!("Pod resize started: {{{containers},\"generation\":2}}")
        );
        assert_eq!(
            summary(&pod, "Pod resize error", "no"),
            format!("Pod resize error: {{{containers},\"generation\":2,\"error\":\"no\"}}")
        );
    }
}
