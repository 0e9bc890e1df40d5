//! Whether a node takes a pod that was bound to it.

use crate::resources::{Amounts, Side, of_pod};
use crate::seen::Verdict;
use crate::spec::{containers, init_containers, is_host_network, is_sidecar, spec};
use k8s_openapi::api::core::v1::{Container, Node, NodeSelectorRequirement, NodeSelectorTerm, Pod};
use meta::Quantity;

/// The node as it stands, with the pods that it has already taken.
pub struct Room<'a> {
    pub node: &'a Node,
    pub taken: &'a [&'a Pod],
}

/// The reason to refuse a pod, if there is one.
pub fn admit(pod: &Pod, room: &Room<'_>) -> Option<Verdict> {
    wrong_system(pod)
        .or_else(|| dangerous(pod))
        .or_else(|| unwanted(pod, room))
        .or_else(|| crowded(pod, room))
        .or_else(|| port_taken(pod, room))
}

fn verdict(reason: impl Into<String>, message: impl Into<String>) -> Option<Verdict> {
    Some(Verdict { reason: reason.into(), message: message.into(), refused: true })
}

fn wrong_system(pod: &Pod) -> Option<Verdict> {
    let named = spec(pod).os.as_ref().map(|os| os.name.as_str())?;
    if named == "linux" {
        return None;
    }
    verdict("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
}

fn dangerous(pod: &Pod) -> Option<Verdict> {
    let complaint = crate::sysctls::complaint(pod)?;
    verdict("SysctlForbidden", format!("forbidden sysctl: {complaint}"))
}

/// Selectors and hard affinity, as the scheduler reads them.
fn unwanted(pod: &Pod, room: &Room<'_>) -> Option<Verdict> {
    let labels = room.node.metadata.labels.clone().unwrap_or_default();
    let selected = spec(pod).node_selector.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    let affinity = spec(pod).affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    let name = room.node.metadata.name.as_deref().unwrap_or_default();
    let matches = |term: &NodeSelectorTerm| {
        let expressions = term.match_expressions.as_deref().unwrap_or_default();
        let fields = term.match_fields.as_deref().unwrap_or_default();
        (!expressions.is_empty() || !fields.is_empty())
            && expressions.iter().all(|r| holds(r, labels.get(&r.key).map(String::as_str)))
            && fields.iter().all(|r| r.key == "metadata.name" && holds(r, Some(name)))
    };
    let attracted = required.is_none_or(|selector| selector.node_selector_terms.iter().any(matches));
    if selected && attracted {
        return None;
    }
    verdict("NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
}

fn holds(requirement: &NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let listed = value.is_some_and(|v| values.iter().any(|listed| listed == v));
    let compared = |order: fn(&i64, &i64) -> bool| {
        let bound = values.first().and_then(|b| b.parse().ok());
        let number = value.and_then(|v| v.parse().ok());
        number.zip(bound).is_some_and(|(number, bound)| order(&number, &bound))
    };
    match requirement.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared(i64::gt),
        "Lt" => compared(i64::lt),
        _ => false,
    }
}

fn crowded(pod: &Pod, room: &Room<'_>) -> Option<Verdict> {
    let status = room.node.status.as_ref();
    let allocatable: Amounts = crate::resources::amounts(status.and_then(|s| s.allocatable.as_ref()));
    let pods = allocatable.get("pods").map_or(i64::MAX, Quantity::value);
    let count = i64::try_from(room.taken.len()).unwrap_or(i64::MAX);
    if count + 1 > pods {
        return verdict("OutOfpods", shortage("pods", 1, count, pods));
    }
    for (name, request) in of_pod(pod, Side::Requests).iter().filter(|(_, q)| !q.is_zero()) {
        let measure = |q: Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
        let used = room.taken.iter().filter_map(|p| of_pod(p, Side::Requests).get(name).copied());
        let used: i64 = used.map(measure).sum();
        let capacity = allocatable.get(name).copied().map_or(0, measure);
        if measure(*request) + used > capacity {
            return verdict(format!("OutOf{name}"), shortage(name, measure(*request), used, capacity));
        }
    }
    None
}

fn shortage(name: &str, requested: i64, used: i64, capacity: i64) -> String {
    format!("Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}")
}

fn port_taken(pod: &Pod, room: &Room<'_>) -> Option<Verdict> {
    let wanted = host_ports(pod);
    let clash = room.taken.iter().flat_map(|p| host_ports(p)).any(|used| wanted.iter().any(|w| w.clashes(&used)));
    if !clash {
        return None;
    }
    verdict("NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
}

struct HostPort {
    ip: String,
    port: i32,
    protocol: String,
}

impl HostPort {
    fn clashes(&self, other: &HostPort) -> bool {
        let any = |ip: &str| ip.is_empty() || ip == "0.0.0.0" || ip == "::";
        let same_ip = any(&self.ip) || any(&other.ip) || self.ip == other.ip;
        self.port == other.port && self.protocol == other.protocol && same_ip
    }
}

fn host_ports(pod: &Pod) -> Vec<HostPort> {
    let all = init_containers(pod).iter().filter(|c| is_sidecar(c)).chain(containers(pod));
    let ports = |c: &Container| c.ports.clone().unwrap_or_default();
    let host_network = is_host_network(pod);
    let taken = all.flat_map(ports).filter_map(|port| {
        let number = port.host_port.or(host_network.then_some(port.container_port)).filter(|n| *n > 0)?;
        let protocol = port.protocol.unwrap_or_else(|| "TCP".into());
        Some(HostPort { ip: port.host_ip.unwrap_or_default(), port: number, protocol })
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, expect: &str) {
        let node: Node = serde_json::from_str(
            r#"{"metadata":{"name":"node","labels":{"disk":"ssd","size":"5"}},
                "status":{"allocatable":{"cpu":"2","memory":"1Gi","pods":"2"}}}"#,
        )
        .unwrap();
        let taken: Pod = serde_json::from_str(
            r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":8080}],
                "resources":{"requests":{"cpu":"500m"}}}]}}"#,
        )
        .unwrap();
        let pod = serde_json::from_str(&format!(r#"{{"spec":{spec}}}"#)).unwrap();
        let refused = admit(&pod, &Room { node: &node, taken: &[&taken] });
        assert_eq!(refused.map(|v| format!("{}: {}", v.reason, v.message)).unwrap_or_default(), expect, "{spec}");
    }

    #[test]
    fn refusals_name_their_reason() {
        check(r#"{"containers":[]}"#, "");
        check(r#"{"containers":[],"nodeSelector":{"disk":"ssd"}}"#, "");
        let affinity = "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        check(r#"{"containers":[],"nodeSelector":{"disk":"hdd"}}"#, affinity);
        check(
            r#"{"containers":[],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms":[{"matchExpressions":[{"key":"size","operator":"Gt","values":["9"]}]}]}}}}"#,
            affinity,
        );
        check(
            r#"{"containers":[{"name":"c","resources":{"requests":{"cpu":"1600m"}}}]}"#,
            "OutOfcpu: Node didn't have enough resource: cpu, requested: 1600, used: 500, capacity: 2000",
        );
        check(
            r#"{"containers":[{"name":"c","resources":{"requests":{"example.com/gpu":"1"}}}]}"#,
            "OutOfexample.com/gpu: Node didn't have enough resource: example.com/gpu, requested: 1, used: 0, capacity: 0",
        );
        check(
            r#"{"containers":[{"name":"c","ports":[{"containerPort":1,"hostPort":8080}]}]}"#,
            "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
        );
        check(r#"{"containers":[{"name":"c","ports":[{"containerPort":1,"hostPort":8080,"protocol":"UDP"}]}]}"#, "");
    }
}
