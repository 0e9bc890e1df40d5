//! Cordoned nodes take only pods that tolerate it.

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, Prepared, Refusal};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use crate::taints::Taint;

pub struct NodeUnschedulable;

struct Schedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn is_worth_another_try(&self, _pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::ItselfChanged { new, .. } => tolerates(new),
            _ => event.node_begins(|node| !node.unschedulable),
        }
    }
}

fn tolerates(pod: &PodInfo) -> bool {
    let taint = Taint { key: "node.kubernetes.io/unschedulable".into(), value: "".into(), effect: "NoSchedule".into() };
    taint.is_tolerated(&pod.tolerations)
}

impl PreFilter for NodeUnschedulable {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        if tolerates(pod) { Prepared::Skip } else { Prepared::Filter(Box::new(Schedulable)) }
    }
}

impl Filter for Schedulable {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if node.unschedulable { Err(Refusal::hopeless("node(s) were unschedulable")) } else { Ok(()) }
    }
}
