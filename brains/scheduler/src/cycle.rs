//! One decision: which node a pod goes to.

use crate::cluster::Cluster;
use crate::framework::{Diagnosis, Filter, Prepared, Refusal, Score};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use crate::profile::Profile;
use meta::CompactString;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Fewer feasible nodes than this are never too many to score.
const FEW_NODES: usize = 100;
const LEAST_PERCENT: usize = 5;

/// What became of a search, and how many nodes it has looked at.
pub(crate) struct Search {
    pub(crate) found: Result<CompactString, Box<Diagnosis>>,
    pub(crate) looked_at: usize,
}

type Filters<'a> = Vec<(&'static str, Box<dyn Filter + 'a>)>;

/// Looks for the best node, beginning at the `start`th; `random` chooses among equals. A place that was promised is
/// taken if it is free.
pub(crate) fn search(profile: &Profile, cluster: &Cluster, pod: &PodInfo, start: usize, random: u64) -> Search {
    let promised = cluster.nominated_node(pod.uid()).and_then(|name| cluster.node(name));
    if let Some(node) = promised.filter(|node| refusal(profile, cluster, pod, node).is_none()) {
        return Search { found: Ok(node.name().clone()), looked_at: 0 };
    }
    let mut diagnosis = Diagnosis::new(cluster.node_count());
    let feasible = feasible(profile, cluster, pod, start, &mut diagnosis);
    let looked_at = feasible.len() + diagnosis.looked_at();
    let found = match &feasible[..] {
        [] => Err(Box::new(diagnosis)),
        [only] => Ok(only.name().clone()),
        many => Ok(best(profile, cluster, pod, many, random).name().clone()),
    };
    Search { found, looked_at }
}

fn feasible<'a>(
    profile: &'a Profile,
    cluster: &'a Cluster,
    pod: &'a PodInfo,
    start: usize,
    diagnosis: &mut Diagnosis,
) -> Vec<&'a NodeInfo> {
    let Some((filters, among)) = prepare(profile, cluster, pod, diagnosis) else { return Vec::new() };
    match among {
        Some(names) => {
            let nodes = names.iter().filter_map(|name| cluster.node(name));
            pass(nodes, |node| first_refusal(&filters, cluster, pod, node), diagnosis, usize::MAX)
        }
        None => {
            let enough = enough(cluster.node_count());
            pass(cluster.nodes_from(start), |node| first_refusal(&filters, cluster, pod, node), diagnosis, enough)
        }
    }
}

/// Why one node does not do for a pod.
pub(crate) fn refusal(profile: &Profile, cluster: &Cluster, pod: &PodInfo, node: &NodeInfo) -> Option<Refusal> {
    let mut diagnosis = Diagnosis::new(1);
    let Some((filters, among)) = prepare(profile, cluster, pod, &mut diagnosis) else {
        return Some(Refusal::hopeless("no node can do"));
    };
    if among.is_some_and(|names| !names.contains(node.name())) {
        return Some(Refusal::hopeless("node is out of question"));
    }
    first_refusal(&filters, cluster, pod, node).map(|(_, refusal)| refusal)
}

/// A node must do as it is, and as it will be once those have come whom it was promised to.
fn first_refusal(
    filters: &Filters<'_>,
    cluster: &Cluster,
    pod: &PodInfo,
    node: &NodeInfo,
) -> Option<(&'static str, Refusal)> {
    let first = |node: &NodeInfo| filters.iter().find_map(|(name, filter)| Some((*name, filter.check(node).err()?)));
    match cluster.nominations.filled(node, pod) {
        Cow::Borrowed(node) => first(node),
        Cow::Owned(filled) => first(&filled).or_else(|| first(node)),
    }
}

/// The filters that have something to say, and the nodes that come into question if not all do.
#[allow(clippy::type_complexity)] // two lists, named by their types
fn prepare<'a>(
    profile: &'a Profile,
    cluster: &'a Cluster,
    pod: &'a PodInfo,
    diagnosis: &mut Diagnosis,
) -> Option<(Filters<'a>, Option<BTreeSet<CompactString>>)> {
    let (mut filters, mut among, mut restricting) = (Filters::new(), None::<BTreeSet<_>>, Vec::new());
    for (name, plugin) in profile.pre_filters() {
        match plugin.prepare(pod, cluster) {
            Prepared::Skip => {}
            Prepared::Filter(filter) => filters.push((name, filter)),
            Prepared::Among(nodes, filter) => {
                restricting.push(name);
                filters.push((name, filter));
                among = Some(among.map_or_else(|| nodes.clone(), |before| &before & &nodes));
            }
            Prepared::Refused(reason) => {
                diagnosis.refuse_all(name, reason);
                return None;
            }
        }
    }
    if among.is_some() {
        diagnosis.restrict(&restricting);
    }
    Some((filters, among))
}

fn pass<'a>(
    nodes: impl Iterator<Item = &'a NodeInfo>,
    refusal: impl Fn(&NodeInfo) -> Option<(&'static str, Refusal)>,
    diagnosis: &mut Diagnosis,
    enough: usize,
) -> Vec<&'a NodeInfo> {
    let mut feasible = Vec::new();
    for node in nodes {
        match refusal(node) {
            Some((name, refusal)) => diagnosis.refuse(name, node, refusal),
            None => feasible.push(node),
        }
        if feasible.len() >= enough {
            break;
        }
    }
    feasible
}

/// How many feasible nodes are enough to choose from: a part of all that shrinks as there are more.
fn enough(nodes: usize) -> usize {
    let percent = 50_usize.saturating_sub(nodes / 125).max(LEAST_PERCENT);
    if nodes < FEW_NODES { nodes } else { (nodes * percent / 100).max(FEW_NODES) }
}

fn best<'a>(
    profile: &Profile,
    cluster: &'a Cluster,
    pod: &'a PodInfo,
    nodes: &[&'a NodeInfo],
    random: u64,
) -> &'a NodeInfo {
    let mut totals = vec![0; nodes.len()];
    let mut scores = Vec::with_capacity(nodes.len());
    for (weight, plugin) in profile.pre_scores() {
        let Some(score) = plugin.prepare(pod, cluster, nodes) else { continue };
        add_scores(&*score, weight, nodes, &mut scores, &mut totals);
    }
    let most = totals.iter().copied().max().unwrap_or(0);
    let equals = totals.iter().filter(|total| **total == most).count() as u64;
    let chosen = (random % equals.max(1)) as usize;
    let mut bests = nodes.iter().zip(&totals).filter(|(_, total)| **total == most).map(|(node, _)| *node);
    bests.nth(chosen).unwrap_or(nodes[0])
}

fn add_scores(score: &dyn Score, weight: i64, nodes: &[&NodeInfo], scores: &mut Vec<i64>, totals: &mut [i64]) {
    scores.clear();
    scores.extend(nodes.iter().map(|node| score.score(node)));
    score.normalize(scores);
    for (total, score) in totals.iter_mut().zip(scores) {
        *total += weight * *score;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_the_cluster_the_smaller_the_sample() {
        for (nodes, expect) in [(0, 0), (99, 99), (100, 100), (1000, 420), (5000, 500), (6000, 300), (50_000, 2500)] {
            assert_eq!(enough(nodes), expect, "of {nodes}");
        }
    }
}
