//! How many members there are, answer, and have which template.

use super::members::Members;
use super::pod;
use crate::{ownership, pods};
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetStatus};
use k8s_openapi::api::core::v1::Pod;
use plan::{Moment, Plan};

pub(super) fn plan(set: &StatefulSet, members: &Members<'_>, moment: &Moment, plan: &mut Plan) {
    let before = set.status.clone().unwrap_or_default();
    let status = count(set, members, &before);
    if status != before {
        let shown = StatefulSet { status: Some(status), ..set.clone() };
        plan.update_status(ownership::key(&set.metadata), &shown);
    }
    let min_ready = members.spec.min_ready_seconds.unwrap_or(0);
    let waits = members.pods().filter_map(|pod| pods::available_in(pod, min_ready, moment.now));
    waits.filter(|wait| wait.is_positive()).min().into_iter().for_each(|wait| plan.again_after(wait));
}

fn count(set: &StatefulSet, members: &Members<'_>, before: &StatefulSetStatus) -> StatefulSetStatus {
    let counted = |fits: &dyn Fn(&Pod) -> bool| members.pods().filter(|pod| fits(pod)).count() as i32;
    let is_ready = |pod: &Pod| pods::phase(pod) == "Running" && pods::is_ready(pod);
    let has = |pod: &Pod, revision: &str| !pods::is_deleted(pod) && pod::revision(pod) == revision;
    let (replicas, ready) = (counted(&|_| true), counted(&is_ready));
    let updated = counted(&|pod| has(pod, &members.update));
    let mut current = counted(&|pod| has(pod, &members.current));
    let mut current_revision = members.current.clone();
    let all = members.replicas.len() as i32;
    if members.rolls() && updated == all && ready == all && replicas == all {
        current = updated;
        current_revision = members.update.clone();
    }
    StatefulSetStatus {
        observed_generation: set.metadata.generation,
        replicas,
        ready_replicas: shown(ready),
        available_replicas: Some(counted(&|pod| is_ready(pod) && members.is_available(pod))),
        current_replicas: shown(current),
        updated_replicas: shown(updated),
        current_revision: Some(current_revision),
        update_revision: Some(members.update.clone()),
        collision_count: Some(before.collision_count.unwrap_or(0)),
        conditions: before.conditions.clone(),
    }
}

/// Upstream leaves zero out of what it writes, but for those available.
fn shown(count: i32) -> Option<i32> {
    Some(count).filter(|count| *count != 0)
}

/// Another object has the name of the next revision: the count changes that name.
pub(super) fn count_collision(set: &StatefulSet, plan: &mut Plan) {
    let mut counted = set.clone();
    let count = &mut counted.status.get_or_insert_default().collision_count;
    *count = Some(count.unwrap_or(0) + 1);
    plan.update_status(ownership::key(&set.metadata), &counted);
}
