//! A namespace's own labels: they can be read, and who makes them stricter is told which of its pods break them.

use crate::admission::{Admitting, lookup};
use clock::Clock;
use meta::{ErrorList, Gvk, Gvr, Object, Status, Value};
use podsecurity::{Pod, Policy, Standard, Survey, evaluate, prioritized};
use std::sync::Arc;
use std::time::Duration;

/// More pods are not looked at, and none for longer, for somebody waits for the answer.
const MOST_PODS: usize = 3000;
const PATIENCE: Duration = Duration::from_secs(1);
/// After so many pods others may go on.
const AT_ONCE: usize = 64;

pub(super) async fn check(on: &Admitting<'_>, namespace: &Value) -> Result<(), Status> {
    let name = on.object_name(Some(namespace));
    let Some(enforce) = raised(on, namespace, name)? else { return Ok(()) };
    let pods = lookup::all(on.api, &Gvr::new("", "v1", "pods"), name);
    let survey = survey(&*on.api.clock, &pods, enforce).await;
    on.effects.warn(survey.warnings(name, enforce, pods.len()));
    Ok(())
}

/// What is enforced from now on, where that may be more than before.
fn raised(on: &Admitting<'_>, namespace: &Value, name: &str) -> Result<Option<Standard>, Status> {
    let (policy, errors) = read(namespace);
    let before = on.old.map(read);
    if refuses(&errors, before.as_ref().map(|(_, errors)| errors)) {
        return Err(Status::invalid(&Gvk::new("", "v1", "Namespace"), name, &errors));
    }
    let is_raised = before.is_some_and(|(before, _)| policy.enforce.may_forbid_more_than(before.enforce));
    Ok(is_raised.then_some(policy.enforce))
}

/// What was wrong before, and in the same way, does not stand in the way of another change.
fn refuses(errors: &ErrorList, before: Option<&ErrorList>) -> bool {
    !errors.is_empty() && before != Some(errors)
}

fn read(namespace: &Value) -> (Policy, ErrorList) {
    let labels = namespace.at("metadata.labels");
    Policy::read(|name| labels.get(name).as_str())
}

fn controller(pod: &Arc<Object>) -> Option<&str> {
    pod.header.controller().map(|owner| owner.uid.as_str())
}

async fn survey(clock: &dyn Clock, pods: &[Arc<Object>], enforce: Standard) -> Survey {
    let (mut survey, began) = (Survey::default(), clock.now());
    for (at, pod) in prioritized(pods, controller).take(MOST_PODS).enumerate() {
        survey.add(&pod.header.name, &evaluate(enforce, &Pod::of(&pod.decode_value())));
        if clock.now().duration_since(began).unsigned_abs() >= PATIENCE {
            break;
        }
        if at % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
    }
    survey
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::VirtualClock;
    use meta::value;
    use podsecurity::{Level, Version};

    #[tokio::test(start_paused = true)]
    async fn so_many_pods_and_no_more() {
        let pod = |number: usize| {
            let pod = value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": (format!("p{number:04}"))}, "spec": {"hostPID": true}});
            Arc::new(Object::from_value(&pod).unwrap())
        };
        let pods: Vec<Arc<Object>> = (0..3010).map(pod).collect();
        let enforce = Standard { level: Level::Baseline, version: Version::Latest };
        let told = survey(&VirtualClock::new(1), &pods, enforce).await.warnings("n", enforce, pods.len());
        let expect = [
            "new PodSecurity enforce level only checked against the first 3000 of 3010 existing pods",
            "existing pods in namespace \"n\" violate the new PodSecurity enforce level \"baseline:latest\"",
            "p0000 (and 2999 other pods): host namespaces",
        ];
        assert_eq!(told, expect);
    }
}
