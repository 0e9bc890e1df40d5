//! Which pods go first: those that have done and would lose the least.

use crate::pods;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use std::cmp::Reverse;
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
        pods.sort_by(|a, b| pods::uid(a).cmp(pods::uid(b)));
        let ready = Ages::of(&pods, pods::ready_since, now);
        let created = Ages::of(&pods, created, now);
        pods.sort_by_cached_key(|pod| {
            (
                (!pods::node(pod).is_empty(), progress(pod), pods::is_ready(pod), cost(pod)),
                Reverse(on_node.get(pods::node(pod)).copied().unwrap_or(0)),
                ready.key(pod),
                Reverse(restarts(pod)),
                created.key(pod),
            )
        });
        pods.truncate(count);
    }
    pods
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
/// always the same ones go. Those of exactly one age stay together, by the least of their uids: upstream compares two at a
/// time and has no order of three.
struct Ages {
    since: fn(&Pod) -> Option<Timestamp>,
    now: Timestamp,
    least: HashMap<Timestamp, String>,
}

impl Ages {
    /// `pods` in the order of their uids: the first of an age has the least.
    fn of(pods: &[Arc<Pod>], since: fn(&Pod) -> Option<Timestamp>, now: Timestamp) -> Ages {
        let mut least = HashMap::new();
        for pod in pods {
            if let Some(since) = since(pod) {
                least.entry(since).or_insert_with(|| pods::uid(pod).to_string());
            }
        }
        Ages { since, now, least }
    }

    fn key(&self, pod: &Pod) -> Option<(i32, &str)> {
        let since = (self.since)(pod)?;
        Some((magnitude(since, self.now), self.least.get(&since).map_or("", String::as_str)))
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
