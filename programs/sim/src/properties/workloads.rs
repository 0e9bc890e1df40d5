//! What is wanted and what there is, once faults have stopped.

use super::survey::{Survey, name, pods_unique};
use crate::timeline::Timeline;
use meta::Value;
use std::collections::BTreeSet;

const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One line a workload and a service: what is wanted and what there is. What differs is a violation.
pub fn desired_is_actual(survey: &Survey, timeline: &Timeline) -> Vec<String> {
    pods_unique(survey, timeline);
    let replicas = |of: &Value| of.int("spec.replicas");
    let everywhere = |_: &Value| survey.nodes.len() as i64;
    let mut lines = Vec::new();
    lines.extend(survey.deployments.iter().map(|of| running("deployment", of, replicas(of), survey, timeline)));
    lines.extend(survey.stateful_sets.iter().map(|of| running("statefulset", of, replicas(of), survey, timeline)));
    lines.extend(survey.daemon_sets.iter().map(|of| running("daemonset", of, everywhere(of), survey, timeline)));
    let selecting = survey.services.iter().filter(|service| !service.at("spec.selector").is_null());
    lines.extend(selecting.map(|service| endpoints_are_pods(service, survey, timeline)));
    lines
}

fn running(kind: &str, workload: &Value, wanted: i64, survey: &Survey, timeline: &Timeline) -> String {
    let own: Vec<&Value> =
        survey.pods.iter().filter(|pod| selected(pod, workload, "spec.selector.matchLabels")).collect();
    let running = own.iter().filter(|pod| is_running(pod)).count() as i64;
    let line = format!("{kind} {}: {running} of {wanted} running, {} pods", name(workload), own.len());
    if running != wanted || own.len() as i64 != wanted {
        own.iter().filter(|pod| !is_running(pod)).for_each(|pod| timeline.tell(state(pod, survey)));
        timeline.violation(&line);
    }
    line
}

/// What keeps a pod from running, in words for who looks into a failure.
fn state(pod: &Value, survey: &Survey) -> String {
    let false_ones = |of: &Value| -> Vec<String> {
        let not = of.items("status.conditions").iter().filter(|c| c.str("status") != "True");
        not.map(|c| format!("{} {} {}", c.str("type"), c.str("status"), c.str("reason"))).collect()
    };
    let node = survey.nodes.iter().find(|node| node.str("metadata.name") == pod.str("spec.nodeName"));
    format!(
        "{} is {} {:?} on {:?} {:?}",
        name(pod),
        pod.str("status.phase"),
        false_ones(pod),
        pod.str("spec.nodeName"),
        node.map(false_ones)
    )
}

fn endpoints_are_pods(service: &Value, survey: &Survey, timeline: &Timeline) -> String {
    let of = |slice: &&Value| {
        slice.str("metadata.namespace") == service.str("metadata.namespace")
            && slice.at("metadata.labels").get(SERVICE_NAME).as_str() == Some(service.str("metadata.name"))
    };
    let endpoints = survey.slices.iter().filter(of).flat_map(|slice| slice.items("endpoints"));
    let told: BTreeSet<&str> = endpoints.filter_map(|it| it.items("addresses").first()?.as_str()).collect();
    let own = survey.pods.iter().filter(|pod| selected(pod, service, "spec.selector") && is_running(pod));
    let there: BTreeSet<&str> = own.map(|pod| pod.str("status.podIP")).collect();
    let line = format!("service {}: {} endpoints", name(service), told.len());
    if told != there {
        timeline.violation(format_args!("{line}: told {told:?}, there {there:?}"));
    }
    line
}

fn selected(pod: &Value, by: &Value, selector: &str) -> bool {
    let labels = pod.at("metadata.labels");
    pod.str("metadata.namespace") == by.str("metadata.namespace")
        && by.fields(selector).all(|(name, value)| labels.get(name) == value)
}

fn is_running(pod: &Value) -> bool {
    let ready = |c: &Value| c.str("type") == "Ready" && c.str("status") == "True";
    pod.str("status.phase") == "Running" && pod.items("status.conditions").iter().any(ready)
}
