//! Volumes come from the API, from memory, from an image, or by way of a claim or driver.

use crate::wording::{plural, quoted, volumes};
use crate::{Pod, Violation};
use meta::Value;
use std::collections::BTreeSet;

const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

const RESTRICTED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let bad: Vec<&Value> =
        pod.spec.items("volumes").iter().filter(|volume| first_of(&ALLOWED, volume).is_none()).collect();
    (!bad.is_empty()).then(|| {
        let kinds: BTreeSet<&str> =
            bad.iter().map(|volume| first_of(&RESTRICTED, volume).unwrap_or("unknown")).collect();
        let names: Vec<&str> = bad.iter().map(|volume| volume.str("name")).collect();
        let use_word = plural(names.len(), "uses", "use");
        let types = plural(kinds.len(), "restricted volume type", "restricted volume types");
        let detail = format!("{} {use_word} {types} {}", volumes(&names), quoted(&kinds));
        Violation::new("restricted volume types", detail)
    })
}

fn first_of(kinds: &[&'static str], volume: &Value) -> Option<&'static str> {
    kinds.iter().copied().find(|kind| !volume.get(kind).is_null())
}
