//! What a pod asks of its neighbours: affinity terms and spread constraints, parsed once.

use super::manifest::{PodTerm as TermManifest, PodTerms, Selector, SpreadManifest};
use super::{PodInfo, PodSpec};
use meta::selector::{LabelSelector, Requirement};
use meta::{CompactString, Header, Labels};
use std::collections::BTreeSet;

/// Affinity to pods and against them. Most pods have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodAffinity {
    pub required: Vec<PodTerm>,
    pub required_against: Vec<PodTerm>,
    /// With their weights: negative ones are against.
    pub preferred: Vec<(i64, PodTerm)>,
}

/// Pods of some namespaces and labels, within a topology.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTerm {
    pub namespaces: BTreeSet<CompactString>,
    /// Further namespaces, by their labels.
    pub namespace_selector: LabelSelector,
    pub selector: LabelSelector,
    pub topology_key: CompactString,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpreadConstraint {
    pub max_skew: i64,
    pub topology_key: CompactString,
    /// It keeps pods away, rather than making a node a worse choice.
    pub hard: bool,
    pub selector: LabelSelector,
    pub min_domains: usize,
    /// Only nodes that the pod's own node terms allow count.
    pub honors_affinity: bool,
    /// Only nodes whose taints the pod tolerates count.
    pub honors_taints: bool,
}

impl PodAffinity {
    pub(super) fn read(spec: &PodSpec, header: &Header) -> Option<Box<PodAffinity>> {
        let (towards, against) = (&spec.affinity.pod_affinity, &spec.affinity.pod_anti_affinity);
        let empty = |terms: &PodTerms| terms.required.is_empty() && terms.preferred.is_empty();
        if empty(towards) && empty(against) {
            return None;
        }
        let all = |terms: &[TermManifest]| terms.iter().map(|term| PodTerm::read(term, header)).collect();
        let mut preferred = Vec::new();
        for (sign, terms) in [(1, towards), (-1, against)] {
            let weighted = terms.preferred.iter();
            preferred.extend(weighted.map(|of| (sign * of.weight, PodTerm::read(&of.pod_affinity_term, header))));
        }
        Some(Box::new(PodAffinity {
            required: all(&towards.required),
            required_against: all(&against.required),
            preferred,
        }))
    }
}

impl PodTerm {
    fn read(term: &TermManifest, header: &Header) -> PodTerm {
        let mut namespaces: BTreeSet<CompactString> = term.namespaces.iter().cloned().collect();
        if namespaces.is_empty() && term.namespace_selector.is_none() {
            namespaces.insert(header.namespace.clone());
        }
        PodTerm {
            namespaces,
            namespace_selector: selector(term.namespace_selector.as_ref()),
            selector: selector(term.label_selector.as_ref()),
            topology_key: term.topology_key.clone(),
        }
    }

    /// Whether a pod is meant, whose namespace has these labels.
    pub fn matches(&self, pod: &PodInfo, namespace: &Labels) -> bool {
        let here = self.namespaces.contains(pod.namespace()) || self.namespace_selector.matches(namespace);
        here && self.selector.matches(pod.labels())
    }
}

impl SpreadConstraint {
    pub(super) fn read(of: &SpreadManifest, header: &Header) -> SpreadConstraint {
        let mut selector = selector(of.label_selector.as_ref());
        for key in &of.match_label_keys {
            if let Some(value) = header.labels.get(key) {
                selector.requirements.push(Requirement::In(key.clone(), BTreeSet::from([value.clone()])));
            }
        }
        SpreadConstraint {
            max_skew: of.max_skew,
            topology_key: of.topology_key.clone(),
            hard: of.when_unsatisfiable != "ScheduleAnyway",
            selector,
            min_domains: of.min_domains.map_or(1, |least| least.max(0) as usize),
            honors_affinity: of.node_affinity_policy != "Ignore",
            honors_taints: of.node_taints_policy == "Honor",
        }
    }
}

/// An absent selector matches nothing, and so does one that cannot be understood.
pub(crate) fn selector(of: Option<&Selector>) -> LabelSelector {
    let Some(of) = of else { return LabelSelector::nothing() };
    let equal = of.match_labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut selector = LabelSelector::from_equal(equal);
    for expression in &of.match_expressions {
        let Some(requirement) = expression.requirement() else { return LabelSelector::nothing() };
        selector.requirements.push(requirement);
    }
    selector
}
