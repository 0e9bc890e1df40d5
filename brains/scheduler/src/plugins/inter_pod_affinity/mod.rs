//! Pods that want to be near others, or far from them; those that are placed have a say too.

mod hard;
mod soft;

use crate::census::{Namespaces, Question};
use crate::cluster::Cluster;
use crate::framework::{Event, Plugin, PreFilter, PreScore, Prepared, Score};
use crate::node::{NodeFacts, NodeInfo};
use crate::pod::{PodAffinity, PodInfo, PodTerm};
use meta::{CompactString, Labels};

pub struct InterPodAffinity;

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }

    fn questions(&self, pod: &PodInfo, cluster: &Cluster) -> Vec<(Question, CompactString)> {
        let Some(affinity) = pod.affinity.as_deref() else { return Vec::new() };
        let mut questions = Vec::new();
        if !affinity.required.is_empty() {
            let together = question(cluster, &affinity.required.iter().collect::<Vec<_>>());
            questions.extend(affinity.required.iter().map(|term| (together.clone(), term.topology_key.clone())));
        }
        let alone = affinity.required_against.iter().chain(affinity.preferred.iter().map(|(_, term)| term));
        questions.extend(alone.map(|term| (question(cluster, &[term]), term.topology_key.clone())));
        questions
    }

    fn is_worth_another_try(&self, pod: &PodInfo, event: &Event<'_>) -> bool {
        match event {
            Event::PodAdded(other) => wants(pod, other),
            Event::PodRemoved(other) => shuns(pod, other) || shuns(other, pod),
            Event::PodChanged { old, new } => old.labels() != new.labels() && (wants(pod, new) || shuns(pod, old)),
            Event::ItselfChanged { old, new } => old.labels() != new.labels(),
            Event::NodeAdded(node) => spans(pod, node),
            Event::NodeChanged { old, new } => old.labels() != new.labels() && spans(pod, new),
            Event::NodeRemoved(_) => false,
        }
    }
}

/// The pods that all of these terms mean.
fn question(cluster: &Cluster, terms: &[&PodTerm]) -> Question {
    Question::new(terms.iter().map(|term| (namespaces(cluster, term), term.selector.clone())).collect(), true)
}

fn namespaces(cluster: &Cluster, term: &PodTerm) -> Namespaces {
    if term.namespace_selector.is_everything() {
        return Namespaces::All;
    }
    let mut names = term.namespaces.clone();
    names.extend(cluster.workloads.namespaces_with(&term.namespace_selector).cloned());
    Namespaces::Of(names)
}

/// Whether a term may mean a pod: what its namespace is labelled is taken for granted.
fn may_mean(term: &PodTerm, other: &PodInfo) -> bool {
    let selects_namespaces =
        term.namespace_selector.is_everything() || !term.namespace_selector.requirements.is_empty();
    (selects_namespaces || term.namespaces.contains(other.namespace())) && term.selector.matches(other.labels())
}

fn wants(pod: &PodInfo, other: &PodInfo) -> bool {
    pod.affinity.as_deref().is_some_and(|of| of.required.iter().any(|term| may_mean(term, other)))
}

fn shuns(pod: &PodInfo, other: &PodInfo) -> bool {
    pod.affinity.as_deref().is_some_and(|of| of.required_against.iter().any(|term| may_mean(term, other)))
}

fn spans(pod: &PodInfo, node: &NodeFacts) -> bool {
    let Some(PodAffinity { required, .. }) = pod.affinity.as_deref() else { return true };
    required.iter().all(|term| node.label(&term.topology_key).is_some())
}

fn namespace_labels<'a>(cluster: &'a Cluster, pod: &PodInfo) -> &'a Labels {
    static NONE: Labels = Labels::new();
    cluster.workloads.namespace_labels(pod.namespace()).unwrap_or(&NONE)
}

impl PreFilter for InterPodAffinity {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, cluster: &'a Cluster) -> Prepared<'a> {
        let neighbours = hard::Neighbours::new(pod, cluster);
        if neighbours.is_indifferent() { Prepared::Skip } else { Prepared::Filter(Box::new(neighbours)) }
    }
}

impl PreScore for InterPodAffinity {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        cluster: &'a Cluster,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        let sympathy = soft::Sympathy::new(pod, cluster);
        (!sympathy.is_indifferent()).then(|| Box::new(sympathy) as Box<dyn Score>)
    }
}
