//! Node selectors and node affinity, hard and soft.

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, PreScore, Prepared, Refusal, Score, normalize};
use crate::node::NodeInfo;
use crate::node_terms::NodeTerms;
use crate::pod::PodInfo;

pub struct NodeAffinity;

struct Terms<'a>(&'a NodeTerms);

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::ItselfChanged { old, new } => old.node_terms != new.node_terms,
            _ => event.node_begins(|node| pod.node_terms.matches(node)),
        }
    }
}

impl PreFilter for NodeAffinity {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        let terms = &pod.node_terms;
        if terms.is_anywhere() {
            return Prepared::Skip;
        }
        match terms.named() {
            None => Prepared::Filter(Box::new(Terms(terms))),
            Some(none) if none.is_empty() => Prepared::Refused("pod affinity terms conflict".into()),
            Some(names) => Prepared::Among(names, Box::new(Terms(terms))),
        }
    }
}

impl Filter for Terms<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if self.0.matches(&node.facts) {
            return Ok(());
        }
        Err(Refusal::hopeless("node(s) didn't match Pod's node affinity/selector"))
    }
}

impl PreScore for NodeAffinity {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        _cluster: &'a Cluster,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        pod.node_terms.prefers().then(|| Box::new(Terms(&pod.node_terms)) as Box<dyn Score>)
    }
}

impl Score for Terms<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        self.0.preference(&node.facts)
    }

    fn normalize(&self, scores: &mut [i64]) {
        normalize(scores, false);
    }
}
