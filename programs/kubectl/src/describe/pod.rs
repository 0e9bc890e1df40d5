//! A pod.

use super::page::{Page, moment};
use super::{Asker, containers, template, volumes};
use crate::failure::Failure;
use meta::{Map, Value};

pub fn describe(asker: &Asker<'_, '_>, pod: &Value, page: &mut Page) -> Result<(), Failure> {
    let (spec, status) = (pod.get("spec"), pod.get("status"));
    place(page, pod, spec, status);
    state(asker, page, pod, status);
    if !spec.get("resources").is_null() {
        page.line(0, "Resources:");
        containers::requirements(page, 1, spec.get("resources"));
    }
    let lists = [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ];
    for (title, list, statuses) in lists {
        if list == "containers" || !spec.items(list).is_empty() {
            containers::describe(page, title, spec.items(list), status.items(statuses), Some(pod), "");
        }
    }
    conditions(page, spec, status);
    volumes::describe(page, spec.items("volumes"), "");
    page.field(0, "QoS Class", quality(pod));
    page.labels("Node-Selectors", spec.get("nodeSelector"));
    template::tolerations(page, "Tolerations", spec);
    template::spread(page, spec, "");
    asker.events(page);
    Ok(())
}

fn place(page: &mut Page, pod: &Value, spec: &Value, status: &Value) {
    page.field(0, "Name", pod.str("metadata.name"));
    page.field(0, "Namespace", pod.str("metadata.namespace"));
    if let Some(priority) = spec.get("priority").as_int() {
        page.field(0, "Priority", priority);
    }
    page.field_unless_empty(0, "Priority Class Name", spec.str("priorityClassName"));
    page.field_unless_empty(0, "Runtime Class Name", spec.str("runtimeClassName"));
    page.field_unless_empty(0, "Service Account", spec.str("serviceAccountName"));
    match spec.str("nodeName") {
        "" => page.field(0, "Node", "<none>"),
        node => page.field(0, "Node", format!("{node}/{}", status.str("hostIP"))),
    }
    if !status.str("startTime").is_empty() {
        page.field(0, "Start Time", moment(status.str("startTime")));
    }
    page.metadata(pod);
}

fn state(asker: &Asker<'_, '_>, page: &mut Page, pod: &Value, status: &Value) {
    let phase = status.str("phase");
    if !pod.at("metadata.deletionTimestamp").is_null() && !matches!(phase, "Failed" | "Succeeded") {
        let lasts = asker.age(pod.at("metadata.deletionTimestamp"));
        page.field(0, "Status", format!("Terminating (lasts {lasts})"));
        page.field(0, "Termination Grace Period", format!("{}s", pod.int("metadata.deletionGracePeriodSeconds")));
    } else {
        page.field(0, "Status", phase);
    }
    page.field_unless_empty(0, "Reason", status.str("reason"));
    page.field_unless_empty(0, "Message", status.str("message"));
    let profile = pod.at("spec.securityContext.seccompProfile");
    if !profile.is_null() {
        page.field(0, "SeccompProfile", profile.str("type"));
        page.field_unless_empty(0, "LocalhostProfile", profile.str("localhostProfile"));
    }
    page.field(0, "IP", status.str("podIP"));
    let addresses = status.items("podIPs");
    page.line(0, if addresses.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for address in addresses {
        page.field(1, "IP", address.str("ip"));
    }
    page.controller(pod);
    page.field_unless_empty(0, "NominatedNodeName", status.str("nominatedNodeName"));
}

fn conditions(page: &mut Page, spec: &Value, status: &Value) {
    let all = status.items("conditions");
    let gates = spec.items("readinessGates");
    if !gates.is_empty() {
        page.line(0, "Readiness Gates:\n  Type\tStatus");
    }
    for gate in gates.iter().map(|gate| gate.str("conditionType")) {
        let found = all.iter().find(|condition| condition.str("type") == gate);
        page.line(1, format!("{gate} \t{} ", found.map_or("<none>", |condition| condition.str("status"))));
    }
    if !all.is_empty() {
        page.line(0, "Conditions:\n  Type\tStatus");
    }
    for condition in all {
        page.line(1, format!("{} \t{} ", condition.str("type"), condition.str("status")));
    }
}

/// The class that the status tells, or that the containers' resources make.
fn quality(pod: &Value) -> String {
    let told = pod.str("status.qosClass");
    if !told.is_empty() {
        return told.to_string();
    }
    let lists = ["initContainers", "containers"];
    let containers: Vec<&Value> = lists.iter().flat_map(|list| pod.get("spec").items(list)).collect();
    let part = |container: &Value, list: &str| -> Map {
        container.get("resources").get(list).as_map().cloned().unwrap_or_default()
    };
    let nothing = |container: &&Value| part(container, "limits").is_empty() && part(container, "requests").is_empty();
    let whole = |container: &&Value| {
        let (limits, requests) = (part(container, "limits"), part(container, "requests"));
        let same = |name: &str| limits.get(name).is_some() && limits.get(name) == requests.get(name);
        same("cpu") && same("memory")
    };
    if containers.iter().all(nothing) {
        "BestEffort".into()
    } else if containers.iter().all(whole) {
        "Guaranteed".into()
    } else {
        "Burstable".into()
    }
}
