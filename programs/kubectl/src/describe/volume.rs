//! A persistent volume.

use super::page::{Page, or};
use super::{Asker, claim, volumes};
use crate::failure::Failure;
use crate::go;
use meta::{Map, Value, value};

const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// What in a volume's specification is no source.
const NO_SOURCES: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

pub fn describe(asker: &Asker<'_, '_>, volume: &Value, page: &mut Page) -> Result<(), Failure> {
    let spec = volume.get("spec");
    page.field(0, "Name", volume.str("metadata.name"));
    page.metadata(volume);
    let finalizers = volume.at("metadata.finalizers");
    page.field(0, "Finalizers", if finalizers.is_null() { "[]".into() } else { go::sprint(finalizers) });
    let class = volume.at("metadata.annotations").get(OLD_CLASS).as_str();
    page.field(0, "StorageClass", class.unwrap_or(spec.str("storageClassName")));
    match volume.at("metadata.deletionTimestamp") {
        Value::Null => page.field(0, "Status", volume.str("status.phase")),
        deleted => page.field(0, "Status", format!("Terminating (lasts {})", asker.age(deleted))),
    }
    let bound = spec.get("claimRef");
    let claim = format!("{}/{}", bound.str("namespace"), bound.str("name"));
    page.field(0, "Claim", if bound.is_null() { "" } else { &claim });
    page.field(0, "Reclaim Policy", spec.str("persistentVolumeReclaimPolicy"));
    page.field(0, "Access Modes", claim::modes(&value!({"accessModes": (spec.get("accessModes").clone())})));
    page.field_unless_empty(0, "VolumeMode", spec.str("volumeMode"));
    page.field(0, "Capacity", or(spec.str("capacity.storage"), "0"));
    affinity(page, spec.at("nodeAffinity.required"));
    page.field(0, "Message", volume.str("status.message"));
    page.line(0, "Source:");
    match spec.as_map().into_iter().flat_map(Map::iter).find(|(name, _)| !NO_SOURCES.contains(&name.as_str())) {
        Some((kind, source)) => volumes::describe_source(page, kind, source),
        None => page.line(1, "<unknown>"),
    }
    asker.events(page);
    Ok(())
}

fn affinity(page: &mut Page, required: &Value) {
    if required.is_null() {
        return page.line(0, "Node Affinity:\t<none>");
    }
    page.line(0, "Node Affinity:\t");
    let terms = required.items("nodeSelectorTerms");
    page.line(1, if terms.is_empty() { "Required Terms:\t<none>" } else { "Required Terms:\t" });
    for (number, term) in terms.iter().enumerate() {
        requirements(page, &format!("Term {number}"), term.items("matchExpressions"));
    }
}

fn requirements(page: &mut Page, title: &str, requirements: &[Value]) {
    if requirements.is_empty() {
        return page.line(2, format!("{title}:\t<none>"));
    }
    for (number, one) in requirements.iter().enumerate() {
        let values: Vec<&str> = one.items("values").iter().filter_map(Value::as_str).collect();
        let among = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        let text = format!("{} {}{among}", one.str("key"), one.str("operator").to_lowercase());
        page.line(2, format!("{}\t{text}", if number == 0 { format!("{title}:") } else { String::new() }));
    }
}
