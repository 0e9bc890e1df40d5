//! Bringing into force what was granted: of the containers one by one, and of the pod around them.

use super::{Actions, Seen};
use crate::cgroup::{Limits, of_all};
use crate::resize::{Way, due, in_force, loosened};
use crate::seen::Instance;
use k8s_openapi::api::core::v1::Container;

/// The pod's group is loosened, then its containers change, and then the group is held to the new limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Resize {
    pub loosened: Limits,
    pub containers: Vec<Resized>,
    pub limits: Limits,
    /// The new limit of the pod's memory, if it is a tighter one.
    pub tightened: Option<i64>,
}

/// A container that runs on with other limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Resized {
    pub id: String,
    pub name: String,
    /// The new limit of its memory, if it is a tighter one.
    pub tightened: Option<i64>,
}

/// False when the container must be restarted for it.
pub fn in_place(seen: &Seen<'_>, container: &Container, running: &Instance, actions: &mut Actions) -> bool {
    match due(seen.pod, container, running) {
        None => true,
        Some(Way::Restart) => false,
        Some(Way::InPlace) => {
            let now = running.in_force.unwrap_or_default();
            let tightened = tighter(now.memory_bytes, in_force(seen.pod, container).memory_bytes);
            let one = Resized { id: running.id.clone(), name: running.name.clone(), tightened };
            // What shrinks makes room for what grows.
            if shrinks(seen, container, running) {
                actions.resizes.insert(0, one)
            } else {
                actions.resizes.push(one)
            }
            true
        }
    }
}

fn shrinks(seen: &Seen<'_>, container: &Container, running: &Instance) -> bool {
    let wanted = in_force(seen.pod, container);
    running.in_force.is_some_and(|now| {
        wanted.memory_bytes < now.memory_bytes || wanted.cpu_quota < now.cpu_quota || wanted.cpu_shares < now.cpu_shares
    })
}

/// Zero is no limit.
fn tighter(before: i64, after: i64) -> Option<i64> {
    (after > 0 && (before == 0 || after < before)).then_some(after)
}

/// None when nothing of it changes.
pub fn resize(seen: &Seen<'_>, containers: Vec<Resized>) -> Option<Resize> {
    let limits = of_all(seen.pod);
    let before = seen.memory.pod_limits.as_ref();
    if containers.is_empty() && before == Some(&limits) {
        return None;
    }
    let tightened = before.and_then(|before| tighter(before.memory_bytes, limits.memory_bytes));
    Some(Resize { loosened: loosened(before, &limits), containers, limits, tightened })
}
