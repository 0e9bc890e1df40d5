//! Which pods go first: those that have done and would lose the least.

use crate::pods;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The `count` pods to delete. `related` are all pods that share their purpose.
pub(crate) fn first(mut pods: Vec<Arc<Pod>>, related: &[Arc<Pod>], count: usize, now: Timestamp) -> Vec<Arc<Pod>> {
    if count < pods.len() {
        let mut on_node: HashMap<&str, usize> = HashMap::new();
        for pod in related.iter().filter(|pod| pods::is_active(pod)) {
            *on_node.entry(pods::node(pod)).or_default() += 1;
        }
        let crowd = |pod: &Pod| on_node.get(pods::node(pod)).copied().unwrap_or(0);
        pods.sort_by(|a, b| compare(a, b, crowd(a), crowd(b), now));
        pods.truncate(count);
    }
    pods
}

fn compare(a: &Pod, b: &Pod, crowd_a: usize, crowd_b: usize, now: Timestamp) -> Ordering {
    let assigned = |pod: &Pod| !pods::node(pod).is_empty();
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| progress(a).cmp(&progress(b)))
        .then_with(|| pods::is_ready(a).cmp(&pods::is_ready(b)))
        .then_with(|| cost(a).cmp(&cost(b)))
        .then_with(|| crowd_b.cmp(&crowd_a))
        .then_with(|| by_age(a, b, pods::ready_since(a), pods::ready_since(b), now))
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| by_age(a, b, created(a), created(b), now))
}

fn progress(pod: &Pod) -> u8 {
    match pods::phase(pod) {
        "Pending" => 0,
        "Unknown" => 1,
        "Running" => 2,
        _ => 0,
    }
}

fn cost(pod: &Pod) -> i32 {
    let cost = pod.metadata.annotations.as_ref().and_then(|annotations| annotations.get(DELETION_COST));
    cost.and_then(|cost| cost.parse().ok()).unwrap_or(0)
}

fn created(pod: &Pod) -> Option<Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

/// Younger first, on a logarithmic scale: pods of about one age are in the arbitrary order of their uids, so that not
/// always the same ones go.
fn by_age(a: &Pod, b: &Pod, since_a: Option<Timestamp>, since_b: Option<Timestamp>, now: Timestamp) -> Ordering {
    match (since_a, since_b) {
        (Some(first), Some(second)) if first == second => Ordering::Equal,
        (Some(first), Some(second)) => {
            magnitude(first, now).cmp(&magnitude(second, now)).then_with(|| pods::uid(a).cmp(pods::uid(b)))
        }
        (None, None) => Ordering::Equal,
        (first, _) => {
            if first.is_none() {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

fn magnitude(since: Timestamp, now: Timestamp) -> i32 {
    let age = now.duration_since(since).as_nanos();
    i32::try_from(age.checked_ilog2().unwrap_or(0)).map_or(-1, |log| if age > 0 { log } else { -1 })
}

/// Of its regular containers, then of its sidecars.
fn restarts(pod: &Pod) -> (i32, i32) {
    let status = pod.status.as_ref();
    let regular = status.and_then(|status| status.container_statuses.as_ref()).into_iter().flatten();
    let sidecars: Vec<&str> = pod
        .spec
        .iter()
        .flat_map(|spec| spec.init_containers.iter().flatten())
        .filter(|container| container.restart_policy.as_deref() == Some("Always"))
        .map(|container| container.name.as_str())
        .collect();
    let initial = status.and_then(|status| status.init_container_statuses.as_ref()).into_iter().flatten();
    let sidecar = initial.filter(|status| sidecars.contains(&status.name.as_str()));
    (
        regular.map(|status| status.restart_count).max().unwrap_or(0),
        sidecar.map(|status| status.restart_count).max().unwrap_or(0),
    )
}

#[cfg(test)]
mod tests;
