//! Notices that a node has fallen silent, says so, and taints it: by its conditions at once, against what runs on it at
//! a pace, and not at all while everything has fallen silent, for then it is this side that cannot see.

mod health;
mod taint;
mod zones;

use crate::node_pods::BY_NODE;
use crate::{ownership, pods};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, NodeCondition, Pod};
use meta::{Key, Value, value};
use plan::{Change, Controller, EventType, Grant, Input, Moment, Plan, Resource, View};

const LEASES: &str = "kube-node-lease";

pub struct NodeLifecycle;

impl Controller for NodeLifecycle {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn identity(&self) -> &'static str {
        "node-controller"
    }

    fn event_source(&self) -> &'static str {
        "node-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Node>(), Input::of::<Lease>(), Input::indexed::<Pod>(&[BY_NODE])]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on::<Node>(&["patch"]),
            Grant::on_subresource::<Node>("status", &["update"]),
            Grant::on_subresource::<Pod>("status", &["patch"]),
        ]
    }

    /// A renewed lease changes nothing: when a node's time is up, its lease is looked at.
    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        if change.resource == Node::gvr() { vec![change.key.clone()] } else { Vec::new() }
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(node) = seen.get::<Node>("", &key.name) else { return plan };
        if node.metadata.deletion_timestamp.is_some() {
            return plan;
        }
        let lease = seen.get::<Lease>(LEASES, &key.name);
        let shown = match health::silent_in(&node, lease.as_deref(), moment) {
            Some(left) => {
                plan.again_after(left);
                Node::clone(&node)
            }
            None => tell_silence(&node, moment, &mut plan),
        };
        if condition(&shown, "Ready").is_some_and(|ready| ready.status == "Unknown") {
            mark_pods(&key.name, seen, moment, &mut plan);
        }
        taint::plan(&node, &shown, seen, moment, &mut plan);
        plan
    }
}

fn tell_silence(node: &Node, moment: &Moment, plan: &mut Plan) -> Node {
    let shown = health::silent(node, moment);
    if shown != *node {
        plan.update_status(ownership::key(&node.metadata), &shown);
        if condition(node, "Ready").is_some_and(|ready| ready.status == "True") {
            let name = node.metadata.name.as_deref().unwrap_or("");
            plan.event_if_done(node, "NodeNotReady", format!("Node {name} status is now: NodeNotReady"));
        }
    }
    shown
}

/// Nobody on a silent node can say any more that its pods are not ready.
fn mark_pods(node: &str, seen: &View, moment: &Moment, plan: &mut Plan) {
    for pod in seen.indexed::<Pod>(&BY_NODE, node).filter(|pod| pods::is_ready(pod)) {
        let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let told = conditions.map(|condition| {
            let mut told = Value::encode(condition).unwrap_or_default();
            if condition.type_ == "Ready" {
                told.set("status", "False");
                told.set("lastTransitionTime", meta::Time(moment.now).to_string());
            }
            told
        });
        let mut patch = value!({"metadata": {"uid": (pods::uid(&pod))}});
        patch.set("status.conditions", Value::List(told.collect()));
        plan.merge::<Pod>(ownership::key(&pod.metadata), "status", patch);
        plan.event(&*pod, EventType::Warning, "NodeNotReady", "Node is not ready");
    }
}

fn condition<'a>(node: &'a Node, kind: &str) -> Option<&'a NodeCondition> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == kind)
}

#[cfg(test)]
mod tests {
    #[test]
    fn node_lifecycle() {
        crate::testing::check(&super::NodeLifecycle, "node_lifecycle");
    }
}
