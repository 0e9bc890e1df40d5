//! What a set says of its pods.

use super::set::{Set, Status};
use super::template_labels;
use crate::conditions::{self, Condition};
use crate::labels;
use crate::pods;
use k8s_openapi::api::core::v1::Pod;
use plan::Moment;
use std::sync::Arc;

pub(super) fn of(
    set: &Set,
    active: &[Arc<Pod>],
    terminating: usize,
    tells_terminating: bool,
    moment: &Moment,
) -> Status {
    let labelled = template_labels(set);
    let count = |fits: &dyn Fn(&Pod) -> bool| active.iter().filter(|pod| fits(pod)).count() as i32;
    let mut status = Status {
        replicas: active.len() as i32,
        fully_labeled: count(&|pod| labels::matches(&labelled, &pod.metadata)),
        ready: count(&pods::is_ready),
        available: count(&|pod| pods::is_available(pod, set.min_ready_seconds, moment.now)),
        terminating: tells_terminating.then_some(terminating as i32),
        observed_generation: set.generation,
        conditions: set.status.conditions.clone(),
    };
    tell_failure(&mut status, set.replicas, moment);
    status
}

/// The server's last refusal stands in the status until a plan passes.
fn tell_failure(status: &mut Status, wanted: i32, moment: &Moment) {
    const KIND: &str = "ReplicaFailure";
    let Some(refused) = moment.refused.as_ref().filter(|refused| refused.resource.resource == "pods") else {
        conditions::remove(&mut status.conditions, KIND);
        return;
    };
    if conditions::get(&status.conditions, KIND).is_some() {
        return;
    }
    let (reason, message) = match status.replicas.cmp(&wanted) {
        std::cmp::Ordering::Less => ("FailedCreate", refused.message.clone()),
        std::cmp::Ordering::Greater => ("FailedDelete", format!("unable to delete pods: {}", refused.message)),
        std::cmp::Ordering::Equal => ("", refused.message.clone()),
    };
    conditions::set(
        &mut status.conditions,
        &Condition { kind: KIND, status: "True", reason, message, now: moment.now },
    );
}
