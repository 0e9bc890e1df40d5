//! Constraints that make domains with more pods worse choices.

use super::tally::{self, Eligible};
use super::{HOSTNAME, question};
use crate::census::{Count, Domains};
use crate::cluster::Cluster;
use crate::framework::{BEST_SCORE, Score};
use crate::node::NodeInfo;
use crate::pod::{PodInfo, SpreadConstraint};
use meta::CompactString;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The score of a node that is not of every topology; real ones are not negative.
const IGNORED: i64 = -1;

pub(super) struct Spread<'a> {
    constraints: Vec<Soft<'a>>,
    /// Topologies that a node must be of to be scored.
    required: Vec<CompactString>,
}

struct Soft<'a> {
    topology: CompactString,
    max_skew: i64,
    /// Small topologies must not be drowned by large ones.
    weight: f64,
    counts: Counts<'a>,
}

enum Counts<'a> {
    OfNodes(Option<&'a Count>),
    OfDomains(Cow<'a, Domains>),
}

impl<'a> Spread<'a> {
    pub(super) fn new(
        pod: &PodInfo,
        cluster: &'a Cluster,
        constraints: &[Cow<'_, SpreadConstraint>],
        nodes: &[&NodeInfo],
    ) -> Spread<'a> {
        let topologies = constraints.iter().map(|of| of.topology_key.clone());
        // By default, nodes need not be of a zone to be spread over.
        let required: Vec<CompactString> = if pod.spread.is_empty() { Vec::new() } else { topologies.collect() };
        let scored: Vec<&NodeInfo> = nodes.iter().copied().filter(|node| is_of(node, &required)).collect();
        let soft = |of: &Cow<'_, SpreadConstraint>| Soft::new(pod, cluster, of, &required, &scored);
        let constraints = constraints.iter().map(soft).collect();
        Spread { constraints, required }
    }
}

fn is_of(node: &NodeInfo, topologies: &[CompactString]) -> bool {
    topologies.iter().all(|topology| node.facts.label(topology).is_some())
}

impl<'a> Soft<'a> {
    fn new(
        pod: &PodInfo,
        cluster: &'a Cluster,
        of: &SpreadConstraint,
        required: &[CompactString],
        scored: &[&NodeInfo],
    ) -> Soft<'a> {
        let (counts, size) = if of.topology_key == HOSTNAME {
            (Counts::OfNodes(cluster.count(&question(pod, &of.selector))), scored.len())
        } else {
            let counted = tally::counted(cluster, of, &Eligible::new(pod, of, required));
            // Nodes of no domain are together one.
            let domains: BTreeSet<_> = scored.iter().map(|node| node.facts.label(&of.topology_key)).collect();
            (Counts::OfDomains(counted), domains.len())
        };
        let weight = ((size + 2) as f64).ln();
        Soft { topology: of.topology_key.clone(), max_skew: of.max_skew, weight, counts }
    }

    fn score(&self, node: &NodeInfo) -> f64 {
        let Some(domain) = node.facts.label(&self.topology) else { return 0.0 };
        let here = match &self.counts {
            Counts::OfNodes(count) => count.map_or(0, |count| count.on(node.name())),
            Counts::OfDomains(domains) => domains.get(domain).copied().unwrap_or(0),
        };
        here as f64 * self.weight + (self.max_skew - 1) as f64
    }
}

impl Score for Spread<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        if !is_of(node, &self.required) {
            return IGNORED;
        }
        self.constraints.iter().map(|soft| soft.score(node)).sum::<f64>().round() as i64
    }

    fn normalize(&self, scores: &mut [i64]) {
        let real = || scores.iter().copied().filter(|score| *score != IGNORED);
        let (least, most) = (real().min().unwrap_or(0), real().max().unwrap_or(0));
        for score in scores {
            *score = match (*score, most) {
                (IGNORED, _) => 0,
                (_, 0) => BEST_SCORE,
                (score, most) => BEST_SCORE * (most + least - score) / most,
            };
        }
    }
}
