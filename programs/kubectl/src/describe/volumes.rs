//! Volumes by where they come from.

use super::page::{MOST_ANNOTATION, Page, or, pairs, shortened};
use crate::go;
use meta::Value;

pub fn describe(page: &mut Page, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        page.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        page.line(1, format!("{indent}{}:", volume.str("name")));
        let source = volume.as_map().into_iter().flat_map(meta::Map::iter).find(|(name, _)| *name != "name");
        match source {
            Some((kind, source)) => describe_source(page, kind, source),
            None => page.line(1, "<unknown>"),
        }
    }
}

/// A volume's source: of a pod's volume or of a persistent one.
pub fn describe_source(page: &mut Page, kind: &str, source: &Value) {
    let text = |field: &str| source.str(field).to_string();
    let flag = |field: &str| source.bool(field).to_string();
    let (about, fields): (&str, Vec<(&str, String)>) = match kind {
        "hostPath" => (
            "HostPath (bare host directory volume)",
            vec![("Path", text("path")), ("HostPathType", host_path_type(source))],
        ),
        "emptyDir" => (
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
            vec![("Medium", text("medium")), ("SizeLimit", or(source.str("sizeLimit"), "<unset>"))],
        ),
        "secret" => (
            "Secret (a volume populated by a Secret)",
            vec![("SecretName", text("secretName")), ("Optional", flag("optional"))],
        ),
        "configMap" => (
            "ConfigMap (a volume populated by a ConfigMap)",
            vec![("Name", text("name")), ("Optional", flag("optional"))],
        ),
        "persistentVolumeClaim" => (
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            vec![("ClaimName", text("claimName")), ("ReadOnly", flag("readOnly"))],
        ),
        "nfs" => (
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            vec![("Server", text("server")), ("Path", text("path")), ("ReadOnly", flag("readOnly"))],
        ),
        "image" => (
            "Image (a container image or OCI artifact)",
            vec![("Reference", text("reference")), ("PullPolicy", text("pullPolicy"))],
        ),
        "projected" => return projected(page, source),
        "downwardAPI" => return downward(page, source),
        "local" => {
            ("LocalVolume (a persistent volume backed by local storage on a node)", vec![("Path", text("path"))])
        }
        "csi" => return csi(page, source),
        _ => return page.line(1, "<unknown>"),
    };
    page.field(2, "Type", about);
    for (name, value) in fields {
        page.field(2, name, value);
    }
}

fn csi(page: &mut Page, source: &Value) {
    page.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    page.field(2, "Driver", source.str("driver"));
    page.field(2, "FSType", source.str("fsType"));
    if !source.get("volumeHandle").is_null() {
        page.field(2, "VolumeHandle", source.str("volumeHandle"));
    }
    page.field(2, "ReadOnly", source.bool("readOnly"));
    let attributes = pairs(source.get("volumeAttributes"));
    page.write(2, "VolumeAttributes:\t");
    if attributes.is_empty() {
        page.line(0, "<none>");
    }
    for (number, attribute) in attributes.iter().enumerate() {
        // Further lines are indented twice, once for each of the two pieces that upstream writes.
        page.line(
            2,
            format!("{}{}", if number > 0 { "    \t    " } else { "" }, shortened(attribute, MOST_ANNOTATION)),
        );
    }
}

fn host_path_type(source: &Value) -> String {
    source.get("type").as_str().unwrap_or("<none>").to_string()
}

fn projected(page: &mut Page, volume: &Value) {
    page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for source in volume.items("sources") {
        let (secret, config) = (source.get("secret"), source.get("configMap"));
        if !secret.is_null() {
            page.field(2, "SecretName", secret.str("name"));
            page.field(2, "Optional", secret.bool("optional"));
        } else if !source.get("downwardAPI").is_null() {
            page.field(2, "DownwardAPI", true);
        } else if !config.is_null() {
            page.field(2, "ConfigMapName", config.str("name"));
            page.field(2, "Optional", config.bool("optional"));
        } else if !source.get("serviceAccountToken").is_null() {
            page.field(2, "TokenExpirationSeconds", source.int("serviceAccountToken.expirationSeconds"));
        }
    }
}

fn downward(page: &mut Page, volume: &Value) {
    page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
    page.line(2, "Items:");
    for item in volume.items("items") {
        let from = match item.str("fieldRef.fieldPath") {
            "" => item.str("resourceFieldRef.resource"),
            path => path,
        };
        page.line(3, format!("{from} -> {}", go::sprint(item.get("path"))));
    }
}
