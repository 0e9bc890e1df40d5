//! A persistent volume claim and the pods that use it.

use super::Asker;
use super::page::{Page, moment};
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, claim: &Value, page: &mut Page) -> Result<(), Failure> {
    let (spec, status) = (claim.get("spec"), claim.get("status"));
    page.field(0, "Name", claim.str("metadata.name"));
    page.field(0, "Namespace", claim.str("metadata.namespace"));
    let class = claim.at("metadata.annotations").get("volume.beta.kubernetes.io/storage-class");
    page.field(0, "StorageClass", class.as_str().unwrap_or(spec.str("storageClassName")));
    match claim.at("metadata.deletionTimestamp") {
        Value::Null => page.field(0, "Status", status.str("phase")),
        deleted => page.field(0, "Status", format!("Terminating (lasts {})", asker.age(deleted))),
    }
    page.field(0, "Volume", spec.str("volumeName"));
    page.metadata(claim);
    let finalizers = claim.at("metadata.finalizers");
    page.field(0, "Finalizers", if finalizers.is_null() { "[]".into() } else { go::sprint(finalizers) });
    let bound = !spec.str("volumeName").is_empty();
    page.field(0, "Capacity", if bound { status.str("capacity.storage") } else { "" });
    page.field(0, "Access Modes", if bound { modes(status) } else { String::new() });
    page.field_unless_empty(0, "VolumeMode", spec.str("volumeMode"));
    source(page, spec.get("dataSource"));
    page.entries("Used By", &users(asker)?);
    conditions(page, status.items("conditions"));
    asker.events(page);
    Ok(())
}

pub fn modes(status: &Value) -> String {
    let short = |mode: &str| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        _ => "RWOP",
    };
    status.items("accessModes").iter().filter_map(Value::as_str).map(short).collect::<Vec<_>>().join(",")
}

fn source(page: &mut Page, source: &Value) {
    if source.is_null() {
        return;
    }
    page.line(0, "DataSource:");
    page.field_unless_empty(1, "APIGroup", source.str("apiGroup"));
    page.field(1, "Kind", source.str("kind"));
    page.field(1, "Name", source.str("name"));
}

fn users(asker: &Asker<'_, '_>) -> Result<Vec<String>, Failure> {
    let pods = asker.list(format!("/api/v1/namespaces/{}/pods", asker.target.namespace), "", "")?;
    let uses = |pod: &&Value| {
        let mut volumes = pod.items("spec.volumes").iter();
        volumes.any(|volume| volume.str("persistentVolumeClaim.claimName") == asker.target.name)
    };
    let mut names: Vec<String> = pods.iter().filter(uses).map(|pod| pod.str("metadata.name").to_string()).collect();
    names.sort();
    Ok(names)
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for one in conditions {
        let (probed, changed) = (moment(one.str("lastProbeTime")), moment(one.str("lastTransitionTime")));
        let (kind, status, reason) = (one.str("type"), one.str("status"), one.str("reason"));
        page.line(1, format!("{kind} \t{status} \t{probed} \t{changed} \t{reason} \t{}", one.str("message")));
    }
}
