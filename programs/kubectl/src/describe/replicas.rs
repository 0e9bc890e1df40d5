//! Replica sets, stateful sets and daemon sets: what keeps a number of pods.

use super::deployment::conditions;
use super::page::{Page, moment, pairs, selector};
use super::{Asker, template};
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn replica_set(asker: &Asker<'_, '_>, set: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", set.str("metadata.name"));
    page.field(0, "Namespace", set.str("metadata.namespace"));
    page.field(0, "Selector", selector(set.at("spec.selector")));
    page.metadata(set);
    page.controller(set);
    page.field(0, "Replicas", format!("{} current / {} desired", set.int("status.replicas"), set.int("spec.replicas")));
    page.field(0, "Pods Status", pods(asker, set, &selector(set.at("spec.selector")))?);
    template::describe(set.at("spec.template"), page);
    conditions(page, set.get("status"));
    asker.events(page);
    Ok(())
}

pub fn replication_controller(asker: &Asker<'_, '_>, controller: &Value, page: &mut Page) -> Result<(), Failure> {
    let labels = controller.at("spec.selector");
    page.field(0, "Name", controller.str("metadata.name"));
    page.field(0, "Namespace", controller.str("metadata.namespace"));
    page.field(0, "Selector", super::page::or(&pairs(labels).join(","), "<none>"));
    page.metadata(controller);
    let (current, desired) = (controller.int("status.replicas"), controller.int("spec.replicas"));
    page.field(0, "Replicas", format!("{current} current / {desired} desired"));
    page.field(0, "Pods Status", pods(asker, controller, &pairs(labels).join(","))?);
    template::describe(controller.at("spec.template"), page);
    conditions(page, controller.get("status"));
    asker.events(page);
    Ok(())
}

pub fn stateful_set(asker: &Asker<'_, '_>, set: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", set.str("metadata.name"));
    page.field(0, "Namespace", set.str("metadata.namespace"));
    page.field(0, "CreationTimestamp", moment(set.str("metadata.creationTimestamp")));
    page.field(0, "Selector", selector(set.at("spec.selector")));
    page.metadata(set);
    page.field(0, "Replicas", format!("{} desired | {} total", set.int("spec.replicas"), set.int("status.replicas")));
    page.field(0, "Update Strategy", set.str("spec.updateStrategy.type"));
    let rolling = set.at("spec.updateStrategy.rollingUpdate");
    if !rolling.get("partition").is_null() {
        page.field(1, "Partition", rolling.int("partition"));
        if !rolling.get("maxUnavailable").is_null() {
            page.field(1, "MaxUnavailable", go::sprint(rolling.get("maxUnavailable")));
        }
    }
    page.field(0, "Pods Status", pods(asker, set, &selector(set.at("spec.selector")))?);
    template::describe(set.at("spec.template"), page);
    claims(page, set.items("spec.volumeClaimTemplates"));
    asker.events(page);
    Ok(())
}

fn claims(page: &mut Page, claims: &[Value]) {
    if claims.is_empty() {
        return page.field(0, "Volume Claims", "<none>");
    }
    page.line(0, "Volume Claims:");
    for claim in claims {
        page.field(1, "Name", claim.str("metadata.name"));
        page.field(1, "StorageClass", claim.str("spec.storageClassName"));
        page.labels("  Labels", claim.at("metadata.labels"));
        page.annotations("  Annotations", claim.at("metadata.annotations"));
        page.field(1, "Capacity", super::page::or(claim.str("spec.resources.requests.storage"), "<default>"));
        page.field(1, "Access Modes", go::sprint(claim.at("spec.accessModes")));
    }
}

pub fn daemon_set(asker: &Asker<'_, '_>, set: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", set.str("metadata.name"));
    page.field(0, "Namespace", set.str("metadata.namespace"));
    page.field(0, "Selector", selector(set.at("spec.selector")));
    let nodes = pairs(set.at("spec.template.spec.nodeSelector")).join(",");
    page.field(0, "Node-Selector", super::page::or(&nodes, "<none>"));
    page.metadata(set);
    let status = set.get("status");
    for (text, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.line(0, format!("{text}: {}", status.int(field)));
    }
    page.field(0, "Pods Status", pods(asker, set, &selector(set.at("spec.selector")))?);
    template::describe(set.at("spec.template"), page);
    asker.events(page);
    Ok(())
}

/// How many of the object's pods are in which phase.
fn pods(asker: &Asker<'_, '_>, set: &Value, wanted: &str) -> Result<String, Failure> {
    let pods = asker.list(format!("/api/v1/namespaces/{}/pods", asker.target.namespace), wanted, "")?;
    let uid = set.str("metadata.uid");
    let ours = |pod: &&Value| {
        pod.items("metadata.ownerReferences").iter().any(|owner| owner.bool("controller") && owner.str("uid") == uid)
    };
    let phases: Vec<&str> = pods.iter().filter(ours).map(|pod| pod.str("status.phase")).collect();
    let count = |phase: &str| phases.iter().filter(|seen| **seen == phase).count();
    Ok(format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        count("Running"),
        count("Pending"),
        count("Succeeded"),
        count("Failed")
    ))
}
