//! What is told to who still writes volumes of old.

use meta::Value;

const ANNOTATIONS: [(&str, &str); 2] = [
    ("volume.beta.kubernetes.io/storage-class", r#"deprecated since v1.8; use "storageClassName" attribute instead"#),
    ("volume.beta.kubernetes.io/mount-options", r#"deprecated since v1.31; use "mountOptions" attribute instead"#),
];
const SOURCES: [(&str, &str, &str); 6] = [
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];
const RECYCLE: &str = "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";

pub fn told(volume: &Value) -> Vec<String> {
    let annotations = volume.at("metadata.annotations");
    let annotated = ANNOTATIONS.iter().filter(|(key, _)| !annotations.get(key).is_null());
    let mut told: Vec<String> = annotated.map(|(key, why)| format!("metadata.annotations[{key}]: {why}")).collect();
    if volume.str("spec.persistentVolumeReclaimPolicy") == "Recycle" {
        told.push(RECYCLE.into());
    }
    let old = SOURCES.iter().filter(|(source, ..)| !volume.get("spec").get(source).is_null());
    told.extend(old.map(|(_, shown, why)| format!("spec.{shown}: {why}")));
    told
}
