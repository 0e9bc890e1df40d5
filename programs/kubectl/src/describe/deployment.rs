//! A deployment with its replica sets.

use super::page::{Page, moment, selector};
use super::{Asker, template};
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, deployment: &Value, page: &mut Page) -> Result<(), Failure> {
    let (spec, status) = (deployment.get("spec"), deployment.get("status"));
    page.field(0, "Name", deployment.str("metadata.name"));
    page.field(0, "Namespace", deployment.str("metadata.namespace"));
    page.field(0, "CreationTimestamp", moment(deployment.str("metadata.creationTimestamp")));
    page.metadata(deployment);
    page.field(0, "Selector", selector(spec.get("selector")));
    let counts = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        spec.int("replicas"),
        status.int("updatedReplicas"),
        status.int("replicas"),
        status.int("availableReplicas"),
        status.int("unavailableReplicas")
    );
    page.field(0, "Replicas", counts);
    page.field(0, "StrategyType", spec.str("strategy.type"));
    page.field(0, "MinReadySeconds", spec.int("minReadySeconds"));
    let rolling = spec.at("strategy.rollingUpdate");
    if !rolling.is_null() {
        let (down, up) = (go::sprint(rolling.get("maxUnavailable")), go::sprint(rolling.get("maxSurge")));
        page.field(0, "RollingUpdateStrategy", format!("{down} max unavailable, {up} max surge"));
    }
    template::describe(spec.get("template"), page);
    conditions(page, status);
    replica_sets(asker, deployment, page)?;
    asker.events(page);
    Ok(())
}

pub fn conditions(page: &mut Page, status: &Value) {
    if status.items("conditions").is_empty() {
        return;
    }
    page.line(0, "Conditions:\n  Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    for one in status.items("conditions") {
        page.line(1, format!("{} \t{}\t{}", one.str("type"), one.str("status"), one.str("reason")));
    }
}

fn replica_sets(asker: &Asker<'_, '_>, deployment: &Value, page: &mut Page) -> Result<(), Failure> {
    let uid = deployment.str("metadata.uid");
    let all = asker.list(format!("/apis/apps/v1/namespaces/{}/replicasets", asker.target.namespace), "", "")?;
    let owned = all.into_iter().filter(|set| {
        set.items("metadata.ownerReferences").iter().any(|owner| owner.bool("controller") && owner.str("uid") == uid)
    });
    let (mut new, mut old): (Vec<Value>, Vec<Value>) =
        owned.partition(|set| bare(set.at("spec.template")) == bare(deployment.at("spec.template")));
    new.sort_by_key(|set| set.str("metadata.creationTimestamp").to_string());
    old.extend(new.split_off(new.len().min(1)));
    if !new.is_empty() || !old.is_empty() {
        page.field(0, "OldReplicaSets", names(&old));
        page.field(0, "NewReplicaSet", names(&new));
    }
    Ok(())
}

/// A template without the label that its replica set adds.
fn bare(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.at_mut("metadata.labels").and_then(Value::as_map_mut) {
        labels.remove("pod-template-hash");
    }
    template
}

fn names(sets: &[Value]) -> String {
    let words: Vec<String> = sets
        .iter()
        .map(|set| {
            let (made, wanted) = (set.int("status.replicas"), set.int("spec.replicas"));
            format!("{} ({made}/{wanted} replicas created)", set.str("metadata.name"))
        })
        .collect();
    super::page::or(&words.join(", "), "<none>")
}
