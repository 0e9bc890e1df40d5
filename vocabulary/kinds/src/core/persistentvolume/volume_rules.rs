//! What a volume's spec must satisfy.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Quantity, Value};

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
    if given.is_empty() {
        out.push(FieldError::required(&spec.path, "must specify a volume type"));
    }
    for more in given.iter().skip(1) {
        check::forbidden(&more.path, "may not specify more than 1 volume type", out);
    }
}

/// Where the data lies does not change under a volume.
pub fn update(spec: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let changed = |source: &&str| spec.value.get(source) != old.get(source);
    if SOURCES.iter().any(changed) {
        let path = spec.path.field("persistentvolumesource");
        check::forbidden(&path, "spec.persistentvolumesource is immutable after creation", out);
    }
    check::immutable(&spec.at("volumeMode"), &Cursor::new(old.get("volumeMode"), spec.at("volumeMode").path), out);
}
