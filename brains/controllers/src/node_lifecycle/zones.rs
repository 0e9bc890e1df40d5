//! How a zone fares, and so how fast its silent nodes are given up.

use super::condition;
use crate::taints;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Node, Taint};
use plan::View;
use std::sync::Arc;

/// One node in so long, of a zone that is well otherwise.
const PACE: SignedDuration = SignedDuration::from_secs(10);
/// The same for a large zone of which most is silent.
const SLOW_PACE: SignedDuration = SignedDuration::from_secs(100);
const LARGE: usize = 50;
const UNHEALTHY_PERCENT: usize = 55;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Normal,
    Partial,
    Full,
}

/// All nodes, with this one as it is shown by now.
pub(super) fn all(shown: &Node, seen: &View) -> Vec<Arc<Node>> {
    let is_shown = |node: &Arc<Node>| node.metadata.uid == shown.metadata.uid;
    let shown = Arc::new(shown.clone());
    seen.all::<Node>().map(|node| if is_shown(&node) { shown.clone() } else { node }).collect()
}

/// The wait between two nodes of this node's zone; none if no node is given up now.
pub(super) fn pace(node: &Node, all: &[Arc<Node>]) -> Option<SignedDuration> {
    let zone = of_zone(node, all);
    match state(&zone) {
        State::Normal | State::Full => Some(PACE),
        State::Partial if zone.len() > LARGE => Some(SLOW_PACE),
        State::Partial => None,
    }
}

/// Every node is silent: rather it is this side that is cut off.
pub(super) fn are_dark(all: &[Arc<Node>]) -> bool {
    all.iter().all(|node| !is_ready(node))
}

/// When a node of this zone was given up last.
pub(super) fn last_given_up(node: &Node, all: &[Arc<Node>]) -> Option<Timestamp> {
    let given_up = |taint: &&Taint| {
        taint.effect == taints::NO_EXECUTE && (taint.key == taints::NOT_READY || taint.key == taints::UNREACHABLE)
    };
    let of_node =
        |node: &Arc<Node>| taints::of(node).iter().filter(given_up).filter_map(|t| t.time_added.clone()).max();
    of_zone(node, all).iter().filter_map(of_node).max().map(|time| time.0)
}

fn of_zone(node: &Node, all: &[Arc<Node>]) -> Vec<Arc<Node>> {
    all.iter().filter(|other| zone(other) == zone(node)).cloned().collect()
}

fn zone(node: &Node) -> (&str, &str) {
    let label =
        |name: &str| node.metadata.labels.as_ref().and_then(|labels| labels.get(name)).map_or("", String::as_str);
    (label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone"))
}

fn is_ready(node: &Node) -> bool {
    condition(node, "Ready").is_some_and(|ready| ready.status == "True")
}

fn state(zone: &[Arc<Node>]) -> State {
    let silent = zone.iter().filter(|node| !is_ready(node)).count();
    if silent > 0 && silent == zone.len() {
        State::Full
    } else if silent > 2 && silent * 100 >= UNHEALTHY_PERCENT * zone.len() {
        State::Partial
    } else {
        State::Normal
    }
}
