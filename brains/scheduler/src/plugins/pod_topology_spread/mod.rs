//! Spreads pods over the domains of topologies: by their own constraints, or softly with those of their Service or
//! controller over nodes and zones.

mod hard;
mod soft;
mod tally;

use crate::census::{Namespaces, Question};
use crate::cluster::Cluster;
use crate::framework::{Event, Plugin, PreFilter, PreScore, Prepared, Score};
use crate::node::{NodeFacts, NodeInfo};
use crate::pod::{PodInfo, SpreadConstraint};
use meta::CompactString;
use meta::selector::LabelSelector;
use std::borrow::Cow;
use std::collections::BTreeSet;

const HOSTNAME: &str = "kubernetes.io/hostname";
/// How pods without constraints are spread: topology and allowed skew.
const DEFAULTS: [(&str, i64); 2] = [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)];

pub struct PodTopologySpread;

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }

    fn questions(&self, pod: &PodInfo, cluster: &Cluster) -> Vec<(Question, CompactString)> {
        let soft = soft_constraints(pod, cluster);
        let all = hard_constraints(pod).chain(soft.iter().map(Cow::as_ref));
        all.map(|of| (question(pod, &of.selector), of.topology_key.clone())).collect()
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        let counts = |other: &PodInfo| {
            other.namespace() == pod.namespace() && hard_constraints(pod).any(|of| of.selector.matches(other.labels()))
        };
        let spans = |node: &NodeFacts| hard_constraints(pod).all(|of| node.label(&of.topology_key).is_some());
        match event {
            Event::PodAdded(other) | Event::PodRemoved(other) => counts(other),
            Event::PodChanged { old, new } => counts(old) != counts(new) || old.is_leaving() != new.is_leaving(),
            Event::ItselfChanged { old, new } => old.labels() != new.labels() || old.tolerations != new.tolerations,
            Event::NodeAdded(node) | Event::NodeRemoved(node) => spans(node),
            Event::NodeChanged { old, new } => {
                (spans(old) || spans(new)) && (old.labels() != new.labels() || old.taints != new.taints)
            }
        }
    }
}

impl PreFilter for PodTopologySpread {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, cluster: &'a Cluster) -> Prepared<'a> {
        let constraints: Vec<&SpreadConstraint> = hard_constraints(pod).collect();
        if constraints.is_empty() {
            return Prepared::Skip;
        }
        Prepared::Filter(Box::new(hard::Skews::new(pod, cluster, &constraints)))
    }
}

impl PreScore for PodTopologySpread {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        cluster: &'a Cluster,
        nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        let constraints = soft_constraints(pod, cluster);
        (!constraints.is_empty())
            .then(|| Box::new(soft::Spread::new(pod, cluster, &constraints, nodes)) as Box<dyn Score>)
    }
}

fn hard_constraints(pod: &PodInfo) -> impl Iterator<Item = &SpreadConstraint> {
    pod.spread.iter().filter(|constraint| constraint.hard)
}

/// The pod's own, or the default ones where it has none of either sort.
fn soft_constraints<'a>(pod: &'a PodInfo, cluster: &Cluster) -> Vec<Cow<'a, SpreadConstraint>> {
    if !pod.spread.is_empty() {
        return pod.spread.iter().filter(|constraint| !constraint.hard).map(Cow::Borrowed).collect();
    }
    let Some(siblings) = cluster.workloads.siblings(pod) else { return Vec::new() };
    let default = |(topology, max_skew): (&str, i64)| {
        Cow::Owned(SpreadConstraint {
            max_skew,
            topology_key: topology.into(),
            hard: false,
            selector: siblings.clone(),
            min_domains: 1,
            honors_affinity: true,
            honors_taints: false,
        })
    };
    DEFAULTS.into_iter().map(default).collect()
}

/// Pods of the same namespace that stay. A selector of everything counts none, as upstream has it.
fn question(pod: &PodInfo, selector: &LabelSelector) -> Question {
    let selector = if selector.is_everything() { LabelSelector::nothing() } else { selector.clone() };
    let here = Namespaces::Of(BTreeSet::from([pod.namespace().into()]));
    Question::new(vec![(here, selector)], false)
}
