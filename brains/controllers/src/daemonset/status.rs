//! How many nodes should have a pod, have one, and have one that answers.

use super::nodes::NodePods;
use crate::{ownership, pods};
use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetStatus};
use plan::{Moment, Plan};

pub(super) fn plan(set: &DaemonSet, nodes: &NodePods, moment: &Moment, plan: &mut Plan) {
    let min_ready = set.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0);
    let before = set.status.clone().unwrap_or_default();
    let status = count(set, nodes, min_ready, moment, &before);
    if status != before {
        let shown = DaemonSet { status: Some(status), ..set.clone() };
        plan.update_status(ownership::key(&set.metadata), &shown);
    }
    let waiting = nodes.nodes.values().flat_map(|node| &node.pods);
    let waits = waiting.filter_map(|pod| pods::available_in(pod, min_ready, moment.now));
    waits.filter(|wait| wait.is_positive()).min().into_iter().for_each(|wait| plan.again_after(wait));
}

fn count(
    set: &DaemonSet,
    nodes: &NodePods,
    min_ready: i32,
    moment: &Moment,
    before: &DaemonSetStatus,
) -> DaemonSetStatus {
    let (mut current, mut misplaced, mut ready, mut updated, mut available) = (0, 0, 0, 0, 0);
    for node in nodes.nodes.values() {
        let Some(first) = node.pods.first() else { continue };
        if !node.should_run {
            misplaced += 1;
            continue;
        }
        current += 1;
        ready += i32::from(pods::is_ready(first));
        available += i32::from(pods::is_available(first, min_ready, moment.now));
        updated += i32::from(nodes.is_new(first));
    }
    let desired = nodes.desired();
    DaemonSetStatus {
        current_number_scheduled: current,
        number_misscheduled: misplaced,
        desired_number_scheduled: desired,
        number_ready: ready,
        observed_generation: set.metadata.generation,
        updated_number_scheduled: shown(updated),
        number_available: shown(available),
        number_unavailable: shown(desired - available),
        collision_count: before.collision_count,
        conditions: before.conditions.clone(),
    }
}

/// Upstream leaves zero out of what it writes.
fn shown(count: i32) -> Option<i32> {
    Some(count).filter(|count| *count != 0)
}

/// Another object has the name of the next revision: the count changes that name.
pub(super) fn count_collision(set: &DaemonSet, plan: &mut Plan) {
    let mut counted = set.clone();
    let count = &mut counted.status.get_or_insert_default().collision_count;
    *count = Some(count.unwrap_or(0) + 1);
    plan.update_status(ownership::key(&set.metadata), &counted);
}
