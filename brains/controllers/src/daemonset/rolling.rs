//! Replaces the pods of an older template: one node's first, then the other's, or, with a surge, beside the old one.

use super::Work;
use super::nodes::{NodePods, OnNode};
use crate::pods;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use plan::Moment;
use std::sync::Arc;

/// A node's living pods: at most one of each template, or the node is left to be put in order first.
struct Pair {
    new: Option<Arc<Pod>>,
    old: Option<Arc<Pod>>,
}

fn pair(nodes: &NodePods, node: &OnNode) -> Option<Pair> {
    let living = node.pods.iter().filter(|pod| !pods::is_deleted(pod)).cloned();
    let (mut new, mut old): (Vec<_>, Vec<_>) = living.partition(|pod| nodes.is_new(pod));
    (new.len() <= 1 && old.len() <= 1).then(|| Pair { new: new.pop(), old: old.pop() })
}

pub(super) fn plan(set: &DaemonSet, nodes: &NodePods, moment: &Moment) -> Work {
    let min_ready = set.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0);
    let available = |pod: &Pod| pods::is_available(pod, min_ready, moment.now);
    match nodes.bounds(set) {
        (0, most) => in_place(nodes, most, available),
        (surge, _) => beside(nodes, surge, available),
    }
}

/// Those that do not answer anyway go at once; of the others, as many as may be missing.
fn in_place(nodes: &NodePods, most: i32, available: impl Fn(&Pod) -> bool) -> Work {
    let (mut unavailable, mut replaced, mut candidates) = (0, Vec::new(), Vec::new());
    for node in nodes.nodes.values().filter(|node| !node.pods.is_empty()) {
        match pair(nodes, node) {
            Some(Pair { new: Some(new), old: None }) => unavailable += i32::from(!available(&new)),
            Some(Pair { new: None, old: Some(old) }) if available(&old) => candidates.push(old),
            Some(Pair { new: None, old: Some(old) }) => {
                replaced.push(old);
                unavailable += 1;
            }
            _ => unavailable += 1,
        }
    }
    candidates.truncate(usize::try_from(most - unavailable).unwrap_or(0));
    replaced.append(&mut candidates);
    Work { create: Vec::new(), delete: replaced }
}

/// A new pod comes up beside the old one, which goes when the new one answers.
fn beside(nodes: &NodePods, surge: i32, available: impl Fn(&Pod) -> bool) -> Work {
    let (mut work, mut candidates, mut surging) = (Work::default(), Vec::new(), 0);
    for (name, node) in nodes.nodes.iter().filter(|(_, node)| !node.pods.is_empty()) {
        match pair(nodes, node) {
            None => surging += 1,
            Some(Pair { new: Some(new), old: Some(old) }) => {
                if available(&new) || !pods::is_ready(&old) {
                    work.delete.push(old);
                } else {
                    surging += 1;
                }
            }
            Some(Pair { new: None, old: Some(old) }) if !node.should_run => {
                if !available(&old) {
                    work.delete.push(old);
                }
            }
            Some(Pair { new: None, old: Some(old) }) if !available(&old) => work.create.push(name.clone()),
            Some(Pair { new: None, old: Some(_) }) => candidates.push(name.clone()),
            Some(Pair { old: None, .. }) => {}
        }
    }
    candidates.truncate(usize::try_from(surge - surging).unwrap_or(0));
    work.create.append(&mut candidates);
    work
}
