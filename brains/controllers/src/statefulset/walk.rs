//! From the first member to the last, then from the last of those beyond: one thing at a time, and nothing while a
//! member before is not well; or, where order does not matter, everything at once.

use super::delete;
use super::members::Members;
use crate::pods;
use k8s_openapi::api::core::v1::Pod;
use meta::Key;
use plan::{Plan, View};
use std::sync::Arc;

/// Says whether the walk ended early: then nothing is to be replaced.
pub(super) fn plan(members: &Members<'_>, seen: &View, plan: &mut Plan) -> bool {
    for (place, seat) in members.replicas.iter().enumerate() {
        let ordinal = members.first_ordinal() + place as i32;
        if settle(members, ordinal, seat.as_ref(), seen, plan) && members.is_orderly() {
            return true;
        }
    }
    for pod in &members.condemned {
        if let Some(ordinal) = super::pod::ordinal(pod, members.set) {
            members.retain_claims(ordinal, pod, seen, plan);
        }
    }
    for pod in &members.condemned {
        if dismiss(members, pod, plan) && members.is_orderly() {
            return true;
        }
    }
    false
}

/// Says whether this member must be waited for.
fn settle(members: &Members<'_>, ordinal: i32, seat: Option<&Arc<Pod>>, seen: &View, plan: &mut Plan) -> bool {
    let Some(pod) = seat else {
        if members.provide_claims(ordinal, None, seen, plan) {
            create(members, ordinal, plan);
        }
        return true;
    };
    if pods::is_terminal(pod) {
        if !pods::is_deleted(pod) {
            delete(members.set, pod, plan);
        }
        return true;
    }
    if pods::phase(pod) == "Pending" {
        members.provide_claims(ordinal, Some(pod), seen, plan);
    }
    let well = !pods::is_deleted(pod) && pods::phase(pod) == "Running" && members.is_available(pod);
    if well || !members.is_orderly() {
        members.retain_claims(ordinal, pod, seen, plan);
    }
    !well
}

fn create(members: &Members<'_>, ordinal: i32, plan: &mut Plan) {
    let pod = members.make(ordinal);
    let key: Key = crate::ownership::key(&pod.metadata);
    let set = members.set.metadata.name.as_deref().unwrap_or("");
    plan.create(&key.namespace, &pod);
    let name = &key.name;
    plan.event_if_done(members.set, "SuccessfulCreate", format!("create Pod {name} in StatefulSet {set} successful"));
    let failed = format!("create Pod {name} in StatefulSet {set} failed error: ");
    plan.event_if_refused(members.set, "FailedCreate", failed);
}

/// Says whether the others must wait.
fn dismiss(members: &Members<'_>, pod: &Arc<Pod>, plan: &mut Plan) -> bool {
    if pods::is_deleted(pod) {
        return true;
    }
    let well = pods::phase(pod) == "Running" && members.is_available(pod);
    let is_first_unwell = members.first_unavailable() == Some(pods::uid(pod));
    if well || is_first_unwell || !members.is_orderly() {
        delete(members.set, pod, plan);
    }
    true
}
