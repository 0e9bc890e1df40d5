//! A pod goes where what it asks for is free; how full its node should be is a matter of strategy.

mod strategy;

pub use strategy::{ResourceWeight, ShapePoint, Strategy};

use crate::cluster::Cluster;
use crate::framework::{Event, Filter, Plugin, PreFilter, PreScore, Prepared, Reasons, Refusal, Score};
use crate::node::{NodeFacts, NodeInfo};
use crate::pod::PodInfo;
use crate::resources::Resources;
use std::borrow::Cow;

pub struct NodeResourcesFit {
    strategy: Strategy,
}

struct Fits<'a>(&'a Resources);

struct Fullness<'a> {
    strategy: &'a Strategy,
    pod: &'a PodInfo,
}

impl NodeResourcesFit {
    pub fn new(strategy: &Strategy) -> NodeResourcesFit {
        NodeResourcesFit { strategy: strategy.clone() }
    }
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::NodeAdded(node) => fits_empty(pod, node),
            Event::NodeChanged { old, new } => fits_empty(pod, new) && has_more(pod, old, new),
            Event::PodRemoved(_) => true,
            Event::PodChanged { old, new } => asks_less(pod, old, new),
            Event::ItselfChanged { old, new } => old.requests != new.requests,
            _ => false,
        }
    }
}

fn fits_empty(pod: &PodInfo, node: &NodeFacts) -> bool {
    let asks = &pod.requests;
    let has = &node.allocatable;
    has.pods >= 1
        && asks.milli_cpu <= has.milli_cpu
        && asks.memory <= has.memory
        && asks.ephemeral_storage <= has.ephemeral_storage
        && asks.others.iter().all(|(name, amount)| *amount <= has.other(name))
}

/// The resources that a pod asks for.
fn asked(pod: &PodInfo) -> impl Iterator<Item = &str> {
    let asks = &pod.requests;
    let named = [("cpu", asks.milli_cpu), ("memory", asks.memory), ("ephemeral-storage", asks.ephemeral_storage)];
    let named = named.into_iter().filter(|(_, amount)| *amount > 0).map(|(name, _)| name);
    named.chain(asks.others.iter().map(|(name, _)| name.as_str()))
}

fn has_more(pod: &PodInfo, old: &NodeFacts, new: &NodeFacts) -> bool {
    let grown = |name: &str| new.allocatable.get(name) > old.allocatable.get(name);
    grown("pods") || asked(pod).any(grown)
}

fn asks_less(pod: &PodInfo, old: &PodInfo, new: &PodInfo) -> bool {
    asked(pod).any(|name| new.requests.get(name) < old.requests.get(name))
}

impl PreFilter for NodeResourcesFit {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, _cluster: &'a Cluster) -> Prepared<'a> {
        Prepared::Filter(Box::new(Fits(&pod.requests)))
    }
}

impl Filter for Fits<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let (asks, has, used) = (self.0, &node.allocatable, &node.requested);
        let fits = (node.pods.len() as i64) < has.pods
            && enough(asks.milli_cpu, has.milli_cpu, used.milli_cpu)
            && enough(asks.memory, has.memory, used.memory)
            && enough(asks.ephemeral_storage, has.ephemeral_storage, used.ephemeral_storage)
            && asks.others.iter().all(|(name, amount)| enough(*amount, has.other(name), used.other(name)));
        if fits { Ok(()) } else { Err(self.explain(node)) }
    }
}

fn enough(asked: i64, has: i64, used: i64) -> bool {
    asked == 0 || asked <= has - used
}

impl Fits<'_> {
    fn explain(&self, node: &NodeInfo) -> Refusal {
        let (asks, has, used) = (self.0, &node.allocatable, &node.requested);
        let mut reasons: Vec<Cow<'static, str>> = Vec::new();
        let mut hopeless = false;
        if node.pods.len() as i64 >= has.pods {
            reasons.push("Too many pods".into());
        }
        let named = [
            ("Insufficient cpu", asks.milli_cpu, has.milli_cpu, used.milli_cpu),
            ("Insufficient memory", asks.memory, has.memory, used.memory),
            ("Insufficient ephemeral-storage", asks.ephemeral_storage, has.ephemeral_storage, used.ephemeral_storage),
        ];
        for (reason, asked, has, used) in named {
            if !enough(asked, has, used) {
                reasons.push(reason.into());
                hopeless |= asked > has;
            }
        }
        for (name, asked) in &asks.others {
            if !enough(*asked, has.other(name), used.other(name)) {
                reasons.push(format!("Insufficient {name}").into());
                hopeless |= *asked > has.other(name);
            }
        }
        Refusal { reasons: Reasons::Many(reasons), hopeless }
    }
}

impl PreScore for NodeResourcesFit {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        _cluster: &'a Cluster,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Fullness { strategy: &self.strategy, pod }))
    }
}

impl Score for Fullness<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        self.strategy.score(self.pod, node)
    }
}
