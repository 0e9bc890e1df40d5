//! Terms that would better hold: the pod's own about those that are placed, and theirs about the pod.

use super::{namespace_labels, question};
use crate::census::Domains;
use crate::cluster::Cluster;
use crate::framework::{BEST_SCORE, Score};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use meta::CompactString;

/// For each term: its topology, its weight, and how many pods count in each domain.
pub(super) struct Sympathy<'a>(Vec<(&'a CompactString, i64, &'a Domains)>);

impl<'a> Sympathy<'a> {
    pub(super) fn new(pod: &'a PodInfo, cluster: &'a Cluster) -> Sympathy<'a> {
        let theirs = cluster.held.weighted(pod, namespace_labels(cluster, pod));
        let mut terms: Vec<_> = theirs.map(|held| (&held.term.topology_key, held.weight, &held.domains)).collect();
        let own = pod.affinity.iter().flat_map(|affinity| &affinity.preferred);
        terms.extend(own.filter_map(|(weight, term)| {
            let domains = cluster.count(&question(cluster, &[term]))?.domains(&term.topology_key)?;
            (!domains.is_empty()).then_some((&term.topology_key, *weight, domains))
        }));
        Sympathy(terms)
    }

    pub(super) fn is_indifferent(&self) -> bool {
        self.0.is_empty()
    }
}

impl Score for Sympathy<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let of = |(topology, weight, domains): &(&CompactString, i64, &Domains)| {
            let here = node.facts.label(topology).and_then(|domain| domains.get(domain));
            here.map_or(0, |here| here * weight)
        };
        self.0.iter().map(of).sum()
    }

    fn normalize(&self, scores: &mut [i64]) {
        let least = scores.iter().copied().min().unwrap_or(0);
        let range = scores.iter().copied().max().unwrap_or(0) - least;
        for score in scores {
            let part = if range == 0 { 0.0 } else { (*score - least) as f64 / range as f64 };
            *score = (BEST_SCORE as f64 * part) as i64;
        }
    }
}
