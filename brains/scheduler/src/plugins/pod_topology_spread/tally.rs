//! The pods that a constraint counts, domain by domain, on the nodes that count.

use super::question;
use crate::census::{Domains, change};
use crate::cluster::Cluster;
use crate::node::NodeFacts;
use crate::pod::{PodInfo, SpreadConstraint};
use crate::taints::admits;
use meta::CompactString;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Which nodes count for a constraint of a pod.
pub(super) struct Eligible<'a> {
    pod: &'a PodInfo,
    /// Topologies that a node must be of.
    topologies: Vec<CompactString>,
    affinity: bool,
    taints: bool,
}

impl<'a> Eligible<'a> {
    pub(super) fn new(pod: &'a PodInfo, of: &SpreadConstraint, topologies: &[CompactString]) -> Eligible<'a> {
        let affinity = of.honors_affinity && !pod.node_terms.is_anywhere();
        Eligible { pod, topologies: topologies.to_vec(), affinity, taints: of.honors_taints }
    }

    /// Every node of the constraint's own topology counts: the kept sums are the answer.
    fn is_everyone(&self, of: &SpreadConstraint) -> bool {
        !self.affinity && !self.taints && self.topologies.iter().all(|topology| *topology == of.topology_key)
    }

    fn node(&self, node: &NodeFacts) -> bool {
        self.topologies.iter().all(|topology| node.label(topology).is_some())
            && (!self.affinity || self.pod.node_terms.matches(node))
            && (!self.taints || admits(&node.taints, &self.pod.tolerations))
    }
}

/// Domains with at least one counted pod.
pub(super) fn counted<'a>(cluster: &'a Cluster, of: &SpreadConstraint, eligible: &Eligible<'_>) -> Cow<'a, Domains> {
    let Some(count) = cluster.count(&question(eligible.pod, &of.selector)) else { return Cow::Owned(Domains::new()) };
    if let (true, Some(domains)) = (eligible.is_everyone(of), count.domains(&of.topology_key)) {
        return Cow::Borrowed(domains);
    }
    let mut domains = Domains::new();
    for (name, here) in count.nodes() {
        let Some(node) = cluster.node(name).filter(|node| eligible.node(&node.facts)) else { continue };
        if let Some(value) = node.facts.label(&of.topology_key) {
            change(&mut domains, value, here);
        }
    }
    Cow::Owned(domains)
}

/// How many domains there are, and the least that one of them has.
pub(super) fn least(
    cluster: &Cluster,
    of: &SpreadConstraint,
    eligible: &Eligible<'_>,
    counted: &Domains,
) -> (usize, Option<i64>) {
    if let (true, Some(domains)) = (eligible.is_everyone(of), cluster.domains(&of.topology_key)) {
        return (domains.len(), least_of(domains.keys(), domains.len(), counted));
    }
    let nodes = cluster.nodes().iter().filter(|node| eligible.node(&node.facts));
    let domains: BTreeSet<&CompactString> = nodes.filter_map(|node| node.facts.label(&of.topology_key)).collect();
    (domains.len(), least_of(domains.iter().copied(), domains.len(), counted))
}

fn least_of<'a>(domains: impl Iterator<Item = &'a CompactString>, how_many: usize, counted: &Domains) -> Option<i64> {
    // More domains than those that have some: one has none.
    if how_many > counted.len() {
        return Some(0);
    }
    domains.map(|domain| counted.get(domain).copied().unwrap_or(0)).min()
}
