//! What a volume's spec must satisfy.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Path, Quantity, Value};

/// Sources in upstream's order: of two, the later one is the one too many.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

pub fn capacity(at: &Cursor<'_>, out: &mut ErrorList) {
    let size = at.key("storage");
    if at.value.is_empty() {
        out.push(FieldError::required(&at.path, ""));
    }
    if size.is_null() || at.entries().count() > 1 {
        return out.push(FieldError::not_supported(&at.path, at.value.clone(), ["storage"]));
    }
    match Quantity::parse(size.str()) {
        Ok(quantity) if quantity.is_negative() => {
            check::invalid(&size, "must be greater than zero", out);
            out.push(FieldError::invalid(&size.path, quantity.value(), "must be a valid resource quantity"));
        }
        Ok(quantity) if quantity.is_zero() => check::invalid(&size, "must be greater than zero", out),
        _ => {}
    }
}

pub fn source(spec: &Cursor<'_>, out: &mut ErrorList) {
    let given: Vec<Cursor<'_>> = SOURCES.iter().filter_map(|source| spec.at(source).present()).collect();
    match given.first() {
        None => out.push(FieldError::required(&spec.path, "must specify a volume type")),
        Some(first) => details(spec, first, out),
    }
    for more in given.iter().skip(1) {
        check::forbidden(&more.path, "may not specify more than 1 volume type", out);
    }
}

/// What the types' own rules do not say.
fn details(spec: &Cursor<'_>, source: &Cursor<'_>, out: &mut ErrorList) {
    let path = source.at("path");
    if !spec.at("nfs").is_null() && !path.str().starts_with('/') {
        out.push(FieldError::invalid(&path.path, path.str(), "must be an absolute path"));
    }
    if !spec.at("local").is_null() && spec.at("nodeAffinity").is_null() {
        out.push(FieldError::required(&spec.at("nodeAffinity").path, "Local volume requires node affinity"));
    }
    let root = path.str().split('/').all(str::is_empty) && !path.str().is_empty();
    if !spec.at("hostPath").is_null() && root && spec.at("persistentVolumeReclaimPolicy").str() == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        check::forbidden(&spec.at("persistentVolumeReclaimPolicy").path, why, out);
    }
    let affinity = spec.at("nodeAffinity");
    if !affinity.is_null() && affinity.at("required").is_null() {
        out.push(FieldError::required(&affinity.at("required").path, "must specify required node constraints"));
    }
}

pub fn attributes_class(spec: &Cursor<'_>, out: &mut ErrorList) {
    let class = spec.at("volumeAttributesClassName");
    if class.is_null() {
        return;
    }
    if check::required(&class, "an empty string is disallowed", out) {
        check::text(&class, meta::names::dns_subdomain(class.str()), out);
    }
    if spec.at("csi").is_null() {
        let why = "has to be specified when using volumeAttributesClassName";
        out.push(FieldError::required(&spec.at("csi").path, why));
    }
}

/// Where the data lies does not change under a volume.
pub fn update(spec: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let changed = |source: &&str| spec.value.get(source) != old.get(source);
    if SOURCES.iter().any(changed) {
        let path = spec.path.field("persistentvolumesource");
        check::forbidden(&path, "spec.persistentvolumesource is immutable after creation", out);
    }
    let mode = Cursor::new(spec.value.get("volumeMode"), Path::new("volumeMode"));
    check::immutable(&mode, &Cursor::root(old).at("volumeMode"), out);
    let class = spec.at("volumeAttributesClassName");
    if class.is_null() && !old.get("volumeAttributesClassName").is_null() {
        check::forbidden(&class.path, "update from non-nil value to nil is forbidden", out);
    }
}
