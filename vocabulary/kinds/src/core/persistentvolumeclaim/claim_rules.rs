//! What a claim must satisfy, and what may change in it.

use crate::{check, volumes};
use meta::{Cursor, ErrorList, FieldError, Path, Quantity, Value, names};

const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub fn check(spec: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    volumes::single_writer(&spec.at("accessModes"), out);
    let asked = spec.at("resources.requests.storage");
    let path = spec.at("resources").path.key("storage");
    if asked.is_null() {
        out.push(FieldError::required(&path, ""));
    } else if Quantity::parse(asked.str()).is_ok_and(|size| size.is_zero() || size.is_negative()) {
        out.push(FieldError::invalid(&path, asked.value.clone(), "must be greater than zero"));
    }
    let groups_known = old.is_some_and(|old| {
        ["dataSource", "dataSourceRef"].iter().any(|source| !old.get("spec").get(source).get("apiGroup").is_null())
    });
    data_source(&spec.at("dataSource"), groups_known, out);
    let newer = spec.at("dataSourceRef");
    data_source(&newer, groups_known, out);
    let namespace = newer.at("namespace");
    if !namespace.str().is_empty() {
        check::text(&namespace, names::dns_label(namespace.str()), out);
    }
    agreement(spec, out);
}

fn data_source(at: &Cursor<'_>, groups_known: bool, out: &mut ErrorList) {
    if at.is_null() {
        return;
    }
    check::required(&at.at("name"), "", out);
    check::required(&at.at("kind"), "", out);
    let (group, kind) = (at.at("apiGroup"), at.at("kind"));
    if group.str().is_empty() && kind.str() != "PersistentVolumeClaim" {
        let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        out.push(FieldError::invalid(&at.path, kind.str(), why));
    }
    if !group.str().is_empty() && !groups_known {
        check::text(&group, names::dns_subdomain(group.str()), out);
    }
}

/// Both sources say the same, unless the newer one looks into another namespace.
fn agreement(spec: &Cursor<'_>, out: &mut ErrorList) {
    let (older, newer) = (spec.at("dataSource"), spec.at("dataSourceRef"));
    if older.is_null() || newer.is_null() {
        return;
    }
    let differs = ["apiGroup", "kind", "name"].iter().any(|field| older.at(field).value != newer.at(field).value);
    // Upstream shows a path here, of which nothing is to be seen.
    let wrong =
        |why: &str| FieldError { value: None, ..FieldError::invalid(&spec.path, Value::Null, format!("{{}}: {why}")) };
    match newer.at("namespace").str() {
        "" if differs => out.push(wrong("must match dataSourceRef")),
        "" => {}
        _ => out.push(wrong("may not be specified when dataSourceRef.namespace is specified")),
    }
}

/// A bound claim may ask for more, and for other attributes; nothing else.
pub fn update(new: &Value, old: &Value, out: &mut ErrorList) {
    let spec = Cursor::root(new).at("spec");
    if settled(new, new, old) != settled(old, new, old) {
        let why =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        check::forbidden(&spec.path, why, out);
    }
    size(&spec, old, out);
    let mode = Cursor::new(spec.value.get("volumeMode"), Path::new("volumeMode"));
    check::immutable(&mode, &Cursor::root(old).at("spec.volumeMode"), out);
    let class = spec.at("volumeAttributesClassName");
    if !old.at("status.currentVolumeAttributesClassName").is_null()
        && class.value != old.at("spec.volumeAttributesClassName")
        && class.str().is_empty()
    {
        let what = if class.is_null() { "nil" } else { "empty string" };
        let why = format!("update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil");
        check::forbidden(&class.path, &why, out);
    }
}

/// The spec without what may differ.
fn settled(claim: &Value, new: &Value, old: &Value) -> Value {
    let mut spec = claim.get("spec").clone();
    if old.str("spec.volumeName").is_empty() {
        spec.remove("volumeName");
    }
    if class_may_be_named(new, old) {
        spec.remove("storageClassName");
    }
    if new.str("status.phase") == "Bound" {
        if !new.at("spec.resources.requests").is_null() {
            spec.remove("resources.requests.storage");
        }
        spec.remove("volumeAttributesClassName");
    }
    spec
}

/// A claim without a class may be given one: the one that its annotation names.
fn class_may_be_named(new: &Value, old: &Value) -> bool {
    let annotation = old.at("metadata.annotations").get(BETA_CLASS);
    let named = new.at("spec.storageClassName");
    old.at("spec.storageClassName").is_null() && !named.is_null() && (annotation.is_null() || annotation == named)
}

/// A failed growth may be taken back, yet not below what there is.
fn size(spec: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let bytes = |value: &Value| Quantity::parse(value.as_str().unwrap_or("0")).ok();
    let now = bytes(spec.at("resources.requests.storage").value);
    let then = bytes(old.at("spec.resources.requests.storage"));
    let there = bytes(old.at("status.capacity.storage"));
    if now < then && now <= there {
        let path = spec.at("resources.requests").path.field("storage");
        out.push(FieldError::forbidden(&path, "field can not be less than status.capacity"));
    }
}

pub fn warnings(claim: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if !claim.at("metadata.annotations").get(BETA_CLASS).is_null() {
        told.push(format!(
            "metadata.annotations[{BETA_CLASS}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    for list in ["requests", "limits"] {
        let size = claim.at("spec.resources").get(list).str("storage");
        if Quantity::parse(size).is_ok_and(|quantity| quantity.milli_value() % 1000 != 0) {
            told.push(format!(
                "spec.resources.{list}[storage]: fractional byte value {size:?} is invalid, must be an integer"
            ));
        }
    }
    told
}
