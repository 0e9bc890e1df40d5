//! Volumes of a pod.

use super::containers::Volumes;
use super::projections;
use crate::{check, declared, formats};
use meta::{Cursor, ErrorList, FieldError, Quantity};
use std::collections::BTreeSet;

/// Sources in upstream's order: of two, the later one is the one too many.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Judges all; answers with those that are well formed and so may be mounted.
pub fn judge<'v>(at: &Cursor<'v>, out: &mut ErrorList) -> Volumes<'v> {
    let mut volumes = Volumes::new();
    for volume in at.items() {
        let mut wrong = ErrorList::default();
        sources(&volume, &mut wrong);
        let name = volume.value.get("name").as_str().unwrap_or("");
        if volumes.contains_key(name) {
            wrong.push(FieldError::duplicate(&volume.at("name").path, name));
        }
        if wrong.is_empty() && is_sound(&volume) {
            volumes.insert(name, volume.value);
        }
        out.extend(wrong);
    }
    volumes
}

fn is_sound(volume: &Cursor<'_>) -> bool {
    let mut wrong = ErrorList::default();
    declared::judge_part("core.v1.Volume", volume, &mut wrong);
    wrong.is_empty()
}

fn sources(volume: &Cursor<'_>, out: &mut ErrorList) {
    let given: Vec<Cursor<'_>> = SOURCES.iter().filter_map(|source| volume.at(source).present()).collect();
    if given.is_empty() {
        out.push(FieldError::required(&volume.path, "must specify a volume type"));
    }
    for more in given.iter().skip(1) {
        check::forbidden(&more.path, "may not specify more than 1 volume type", out);
    }
    if let Some(first) = given.first() {
        source(volume, first, out);
    }
}

fn source(volume: &Cursor<'_>, first: &Cursor<'_>, out: &mut ErrorList) {
    let is = |name: &str| !volume.at(name).is_null() && volume.at(name).value == first.value;
    if is("emptyDir") {
        let limit = first.at("sizeLimit");
        if Quantity::parse(limit.str()).is_ok_and(|limit| limit.is_negative()) {
            check::forbidden(&limit.path, "SizeLimit field must be a valid resource quantity", out);
        }
    }
    if is("nfs") && !first.at("path").str().starts_with('/') && !first.at("path").str().is_empty() {
        check::invalid(&first.at("path"), "must be an absolute path", out);
    }
    if is("downwardAPI") {
        first.at("items").items().for_each(|item| projections::file(&item, first, out));
    }
    if is("projected") {
        projected(first, out);
    }
    if is("image") && first.at("reference").str().is_empty() {
        out.push(FieldError::required(&first.at("reference").path, ""));
    }
}

fn projected(at: &Cursor<'_>, out: &mut ErrorList) {
    const KINDS: &[&str] =
        &["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
    let mut paths = BTreeSet::new();
    for source in at.at("sources").items() {
        let given: Vec<&str> = KINDS.iter().copied().filter(|kind| !source.at(kind).is_null()).collect();
        if given.len() > 1 {
            check::forbidden(&source.path, "may not specify more than 1 volume type", out);
        }
        if let Some(token) = source.at("serviceAccountToken").present() {
            self::token(&token, at, out);
        }
        let downward = source.at("downwardAPI");
        downward.at("items").items().for_each(|item| projections::file(&item, &downward, out));
        for kind in given {
            let from = source.at(kind);
            for item in from.at("items").items() {
                let path = item.at("path").str().to_string();
                let shown = if kind == "downwardAPI" { path.as_str() } else { from.at("name").str() };
                if !path.is_empty() && paths.contains(&path) {
                    out.push(FieldError::invalid(&at.path, shown, "conflicting duplicate paths"));
                }
                paths.insert(path.clone());
            }
        }
    }
}

fn token(token: &Cursor<'_>, volume: &Cursor<'_>, out: &mut ErrorList) {
    let seconds = token.at("expirationSeconds");
    if seconds.int() < 600 {
        check::invalid(&seconds, "may not specify a duration less than 10 minutes", out);
    }
    if seconds.int() > 1 << 32 {
        check::invalid(&seconds, "may not specify a duration larger than 2^32 seconds", out);
    }
    let (path, text) = (volume.path.field("path"), token.at("path").str());
    if text.is_empty() {
        return out.push(FieldError::required(&path, ""));
    }
    out.extend(formats::local_path(text).into_iter().map(|why| FieldError::invalid(&path, text, why)));
}
