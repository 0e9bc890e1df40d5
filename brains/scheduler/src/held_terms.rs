//! The affinity terms that placed pods hold against or for those to come: equal terms of many pods are kept once, with
//! how many pods hold them in each domain.

use crate::census::{Domains, change};
use crate::node::NodeFacts;
use crate::pod::{PodInfo, PodTerm};
use meta::Labels;
use std::collections::BTreeMap;

/// What a hard affinity of a placed pod adds to the score of its domain.
const HARD_AFFINITY_WEIGHT: i64 = 1;

#[derive(Default)]
pub(crate) struct HeldTerms {
    against: BTreeMap<String, Held>,
    weighted: BTreeMap<String, Held>,
}

pub(crate) struct Held {
    pub(crate) term: PodTerm,
    pub(crate) weight: i64,
    pub(crate) domains: Domains,
}

impl HeldTerms {
    pub(crate) fn add(&mut self, pod: &PodInfo, node: &NodeFacts, by: i64) {
        let Some(affinity) = &pod.affinity else { return };
        for term in &affinity.required_against {
            hold(&mut self.against, term, 0, node, by);
        }
        for term in &affinity.required {
            hold(&mut self.weighted, term, HARD_AFFINITY_WEIGHT, node, by);
        }
        for (weight, term) in &affinity.preferred {
            hold(&mut self.weighted, term, *weight, node, by);
        }
    }

    /// Terms that keep a pod away.
    pub(crate) fn against<'a>(&'a self, pod: &'a PodInfo, namespace: &'a Labels) -> impl Iterator<Item = &'a Held> {
        self.against.values().filter(|held| held.term.matches(pod, namespace))
    }

    /// Terms that make domains better or worse for a pod.
    pub(crate) fn weighted<'a>(&'a self, pod: &'a PodInfo, namespace: &'a Labels) -> impl Iterator<Item = &'a Held> {
        self.weighted.values().filter(|held| held.term.matches(pod, namespace))
    }
}

fn hold(terms: &mut BTreeMap<String, Held>, term: &PodTerm, weight: i64, node: &NodeFacts, by: i64) {
    let Some(value) = node.label(&term.topology_key) else { return };
    // Selectors that match nothing and everything print alike, but are not equal.
    let text = format!("{weight} {term:?}");
    let new = || Held { term: term.clone(), weight, domains: Domains::new() };
    let held = terms.entry(text.clone()).or_insert_with(new);
    change(&mut held.domains, value, by);
    if held.domains.is_empty() {
        terms.remove(&text);
    }
}
