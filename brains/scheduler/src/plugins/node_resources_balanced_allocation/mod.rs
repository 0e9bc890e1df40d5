//! Nodes whose cpu and memory would be used to the same degree are better.

use crate::cluster::Cluster;
use crate::framework::{BEST_SCORE, Plugin, PreScore, Score};
use crate::node::NodeInfo;
use crate::pod::PodInfo;

pub struct NodeResourcesBalancedAllocation;

struct Balance<'a>(&'a PodInfo);

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }
}

impl PreScore for NodeResourcesBalancedAllocation {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        _cluster: &'a Cluster,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        let asks_nothing = pod.requests.milli_cpu == 0 && pod.requests.memory == 0;
        (!asks_nothing).then(|| Box::new(Balance(pod)) as Box<dyn Score>)
    }
}

impl Score for Balance<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let (has, used, asks) = (&node.allocatable, &node.requested, &self.0.requests);
        let cpu = share(used.milli_cpu + asks.milli_cpu, has.milli_cpu);
        let memory = share(used.memory + asks.memory, has.memory);
        // The standard deviation of two is half their distance.
        let deviation = match (cpu, memory) {
            (Some(cpu), Some(memory)) => ((cpu - memory) / 2.0).abs(),
            _ => 0.0,
        };
        ((1.0 - deviation) * BEST_SCORE as f64) as i64
    }
}

fn share(requested: i64, capacity: i64) -> Option<f64> {
    (capacity != 0).then(|| (requested as f64 / capacity as f64).min(1.0))
}
