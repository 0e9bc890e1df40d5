//! Tainted nodes take only pods that tolerate their taints; soft taints make a node a worse choice.

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, PreScore, Prepared, Refusal, Score, normalize};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use crate::taints::{Toleration, admits};

pub struct TaintToleration;

struct Admits<'a>(&'a [Toleration]);

struct SoftTaints<'a>(Vec<&'a Toleration>);

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::ItselfChanged { old, new } => old.tolerations != new.tolerations,
            _ => event.node_begins(|node| admits(&node.taints, &pod.tolerations)),
        }
    }
}

impl PreFilter for TaintToleration {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        Prepared::Filter(Box::new(Admits(&pod.tolerations)))
    }
}

impl Filter for Admits<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if !node.tainted || admits(&node.facts.taints, self.0) {
            return Ok(());
        }
        Err(Refusal::hopeless("node(s) had untolerated taint(s)"))
    }
}

impl PreScore for TaintToleration {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        _cluster: &'a Cluster,
        nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        if !nodes.iter().any(|node| node.tainted && node.facts.taints.iter().any(|taint| taint.is_soft())) {
            return None;
        }
        let about_soft = |of: &&Toleration| of.effect.is_empty() || of.effect == "PreferNoSchedule";
        Some(Box::new(SoftTaints(pod.tolerations.iter().filter(about_soft).collect())))
    }
}

impl Score for SoftTaints<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let soft = node.facts.taints.iter().filter(|taint| taint.is_soft());
        soft.filter(|taint| !self.0.iter().any(|toleration| toleration.tolerates(taint))).count() as i64
    }

    fn normalize(&self, scores: &mut [i64]) {
        normalize(scores, true);
    }
}
