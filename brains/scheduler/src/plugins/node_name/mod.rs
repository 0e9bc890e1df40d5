//! A pod that names its node goes there. Such pods are bound when they are made, and never wait: this holds for those
//! that are asked about all the same.

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, Prepared, Refusal};
use crate::node::NodeInfo;
use crate::pod::PodInfo;

pub struct NodeName;

struct Named<'a>(&'a str);

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        matches!(event, Event::NodeAdded(node) if node.name == pod.node)
    }
}

impl PreFilter for NodeName {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        if pod.is_bound() { Prepared::Filter(Box::new(Named(&pod.node))) } else { Prepared::Skip }
    }
}

impl Filter for Named<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if node.name() == self.0 {
            return Ok(());
        }
        Err(Refusal::hopeless("node(s) didn't match the requested node name"))
    }
}
