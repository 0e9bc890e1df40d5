//! Replaces members of an older template, one after the other, from the last down to the partition.

use super::members::Members;
use super::{delete, pod};
use crate::pods;
use plan::Plan;

pub(super) fn plan(members: &Members<'_>, plan: &mut Plan) {
    if !members.rolls() {
        return;
    }
    let partition = usize::try_from(members.partition()).unwrap_or(0).min(members.replicas.len());
    for seat in members.replicas[partition..].iter().rev() {
        let outdated = |pod: &&std::sync::Arc<_>| pod::revision(pod) != members.update && !pods::is_deleted(pod);
        if let Some(pod) = seat.as_ref().filter(outdated) {
            return delete(members.set, pod, plan);
        }
        if members.is_unavailable(seat.as_deref()) {
            return;
        }
    }
}
