//! Terms that must hold.

use super::{namespace_labels, question};
use crate::census::Domains;
use crate::cluster::Cluster;
use crate::framework::{Filter, Refusal};
use crate::node::NodeInfo;
use crate::pod::{PodInfo, PodTerm};

const UNLOVED: &str = "node(s) didn't match pod affinity rules";
const SHUNNED: &str = "node(s) didn't match pod anti-affinity rules";
const SHUNNING: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

/// For each term, the domains that have pods it means.
#[derive(Default)]
pub(super) struct Neighbours<'a> {
    wanted: Vec<(&'a PodTerm, Option<&'a Domains>)>,
    /// The pod would be the first of its own kind: then it need not find any.
    is_first: bool,
    shunned: Vec<(&'a PodTerm, &'a Domains)>,
    shunning: Vec<(&'a PodTerm, &'a Domains)>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(pod: &'a PodInfo, cluster: &'a Cluster) -> Neighbours<'a> {
        let namespace = namespace_labels(cluster, pod);
        let mut neighbours = Neighbours::default();
        neighbours.shunning.extend(cluster.held.against(pod, namespace).map(|held| (&held.term, &held.domains)));
        let Some(affinity) = pod.affinity.as_deref() else { return neighbours };
        for term in &affinity.required_against {
            let domains =
                cluster.count(&question(cluster, &[term])).and_then(|count| count.domains(&term.topology_key));
            neighbours.shunned.extend(domains.map(|domains| (term, domains)));
        }
        let count = cluster.count(&question(cluster, &affinity.required.iter().collect::<Vec<_>>()));
        for term in &affinity.required {
            neighbours.wanted.push((term, count.and_then(|count| count.domains(&term.topology_key))));
        }
        neighbours.is_first = neighbours.wanted.iter().all(|(_, domains)| domains.is_none_or(Domains::is_empty))
            && affinity.required.iter().all(|term| term.matches(pod, namespace));
        neighbours
    }

    pub(super) fn is_indifferent(&self) -> bool {
        self.wanted.is_empty() && self.shunned.is_empty() && self.shunning.is_empty()
    }

    fn finds_company(&self, node: &NodeInfo) -> bool {
        let (mut found, mut of_all) = (true, true);
        for (term, domains) in &self.wanted {
            let domain = node.facts.label(&term.topology_key);
            of_all &= domain.is_some();
            found &= domain.zip(*domains).is_some_and(|(domain, domains)| domains.contains_key(domain));
        }
        of_all && (found || self.is_first)
    }
}

fn meets(terms: &[(&PodTerm, &Domains)], node: &NodeInfo) -> bool {
    terms
        .iter()
        .any(|(term, domains)| node.facts.label(&term.topology_key).is_some_and(|domain| domains.contains_key(domain)))
}

impl Filter for Neighbours<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if !self.finds_company(node) {
            return Err(Refusal::hopeless(UNLOVED));
        }
        if meets(&self.shunned, node) {
            return Err(Refusal::hopeful(SHUNNED));
        }
        if meets(&self.shunning, node) {
            return Err(Refusal::hopeful(SHUNNING));
        }
        Ok(())
    }
}
