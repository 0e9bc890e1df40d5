//! A port of a node is given to one pod.

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, Prepared, Refusal};
use crate::node::NodeInfo;
use crate::pod::{HostPort, PodInfo};

pub struct NodePorts;

struct Wanted<'a>(&'a [HostPort]);

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::NodeAdded(_) => true,
            Event::PodRemoved(gone) => !free(&pod.host_ports, &gone.host_ports),
            _ => false,
        }
    }
}

fn free(wanted: &[HostPort], taken: &[HostPort]) -> bool {
    !wanted.iter().any(|port| taken.iter().any(|other| port.conflicts(other)))
}

impl PreFilter for NodePorts {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        if pod.host_ports.is_empty() { Prepared::Skip } else { Prepared::Filter(Box::new(Wanted(&pod.host_ports))) }
    }
}

impl Filter for Wanted<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if free(self.0, &node.host_ports) {
            return Ok(());
        }
        Err(Refusal::hopeful("node(s) didn't have free ports for the requested pod ports"))
    }
}
