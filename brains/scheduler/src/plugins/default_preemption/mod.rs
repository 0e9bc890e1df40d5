//! Says whether pushing out pods of a lower priority could help. It pushes out none: where it could help, it says
//! nothing, as upstream does when it has preempted.

use crate::cluster::Cluster;
use crate::framework::{Diagnosis, Plugin, PostFilter, counted};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use std::collections::HashMap;

const HOPELESS: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

pub struct DefaultPreemption;

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn post_filter(&self) -> Option<&dyn PostFilter> {
        Some(self)
    }
}

impl PostFilter for DefaultPreemption {
    fn after(&self, pod: &PodInfo, cluster: &Cluster, diagnosis: &Diagnosis) -> Option<String> {
        if !pod.preempts {
            return Some("preemption: not eligible due to preemptionPolicy=Never.".into());
        }
        let mut hopeful = 0;
        for node in diagnosis.hopeful().filter_map(|name| cluster.node(name)) {
            if has_victims(node, pod) {
                return None;
            }
            hopeful += 1;
        }
        let counts = [(HOPELESS, diagnosis.nodes() - hopeful), (NO_VICTIMS, hopeful)];
        let counts: HashMap<_, _> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        Some(format!("preemption: 0/{} nodes are available:{}", diagnosis.nodes(), counted(counts)))
    }
}

fn has_victims(node: &NodeInfo, pod: &PodInfo) -> bool {
    node.pods.iter().any(|other| other.priority < pod.priority)
}
