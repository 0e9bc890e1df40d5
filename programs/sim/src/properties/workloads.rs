//! What is wanted and what there is, once faults have stopped.

use super::survey::{Survey, name, pods_unique};
use crate::timeline::Timeline;
use meta::selector::LabelSelector;
use meta::{CompactString, Labels, Value};
use std::collections::BTreeSet;

const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One line a workload and a service: what is wanted and what there is. What differs is a violation.
pub fn desired_is_actual(survey: &Survey, timeline: &Timeline) -> Vec<String> {
    pods_unique(survey, timeline);
    let replicas = |of: &Value| of.int("spec.replicas");
    let mut lines = Vec::new();
    lines.extend(survey.deployments.iter().map(|of| running("deployment", of, replicas(of), survey, timeline)));
    lines.extend(survey.stateful_sets.iter().map(|of| running("statefulset", of, replicas(of), survey, timeline)));
    lines.extend(survey.daemon_sets.iter().map(|of| running("daemonset", of, places(of, survey), survey, timeline)));
    let selecting = survey.services.iter().filter(|service| !service.at("spec.selector").is_null());
    lines.extend(selecting.map(|service| endpoints_are_pods(service, survey, timeline)));
    lines
}

fn running(kind: &str, workload: &Value, wanted: i64, survey: &Survey, timeline: &Timeline) -> String {
    let own = selected(survey, workload, LabelSelector::from_value(workload.at("spec.selector")));
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
    let asked = service.fields("spec.selector").map(|(name, value)| (name.as_str(), value.as_str().unwrap_or("")));
    let own = selected(survey, service, Ok(LabelSelector::from_equal(asked)));
    let there: BTreeSet<&str> = own.iter().filter(|pod| is_running(pod)).map(|pod| pod.str("status.podIP")).collect();
    let line = format!("service {}: {} endpoints", name(service), told.len());
    if told != there {
        timeline.violation(format_args!("{line}: told {told:?}, there {there:?}"));
    }
    line
}

/// The pods in the namespace of `by` that it selects; the server has let no selector pass that cannot be read.
fn selected<'a>(survey: &'a Survey, by: &Value, selector: Result<LabelSelector, String>) -> Vec<&'a Value> {
    let selector = selector.unwrap_or_else(|_| LabelSelector::nothing());
    let here = survey.pods.iter().filter(|pod| pod.str("metadata.namespace") == by.str("metadata.namespace"));
    here.filter(|pod| selector.matches(&labels(pod))).collect()
}

fn labels(of: &Value) -> Labels {
    let text = |(name, value): (&CompactString, &Value)| Some((name.clone(), value.as_str()?.into()));
    of.fields("metadata.labels").filter_map(text).collect()
}

/// How many nodes a daemon set is for. Which of them fit an affinity is left to its controller.
fn places(set: &Value, survey: &Survey) -> i64 {
    let pod = set.at("spec.template.spec");
    if !pod.at("affinity.nodeAffinity").is_null() {
        return set.int("status.desiredNumberScheduled");
    }
    let wanted = pod.fields("nodeSelector").map(|(name, value)| (name.as_str(), value.as_str().unwrap_or("")));
    let wanted = LabelSelector::from_equal(wanted);
    survey.nodes.iter().filter(|node| wanted.matches(&labels(node))).count() as i64
}

fn is_running(pod: &Value) -> bool {
    let ready = |c: &Value| c.str("type") == "Ready" && c.str("status") == "True";
    pod.str("status.phase") == "Running" && pod.items("status.conditions").iter().any(ready)
}
