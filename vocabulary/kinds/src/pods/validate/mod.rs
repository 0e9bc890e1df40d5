//! What a pod's spec must satisfy across its fields, in a pod or in a template; single fields have declared rules.

mod containers;
mod env;
mod gated;
mod handlers;
mod mounts;
mod network;
mod ports;
mod projections;
pub(crate) mod resources;
pub(crate) mod scheduling;
mod security;
pub mod update;
mod volumes;

use crate::{check, metadata};
use meta::{Cursor, ErrorList};

/// Where a spec stands: some rules are for pods alone.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Pod,
    Template,
}

/// Judges a pod's spec.
pub fn spec(at: &Cursor<'_>, place: Place, out: &mut ErrorList) {
    let volumes = volumes::judge(&at.at("volumes"), out);
    containers::judge(at, &volumes, place, out);
    network::judge(at, place, out);
    scheduling::judge(at, out);
    security::of_pod(at, out);
    if let Some(system) = at.at("os").present() {
        check::one_of(&Cursor::new(system.value.get("name"), system.path), &["linux", "windows"], out);
    }
    if let Some(own) = at.at("resources").present() {
        resources::of_pod(&own, at, out);
    }
}

/// Judges a template: its metadata, its spec, and that the selector finds its pods.
pub fn template(at: &Cursor<'_>, out: &mut ErrorList) {
    // Upstream leaves out the metadata in what it says of these.
    metadata::labels(&Cursor::new(at.value.at("metadata.labels"), at.path.field("labels")), out);
    metadata::annotations(&Cursor::new(at.value.at("metadata.annotations"), at.path.field("annotations")), out);
    spec(&at.at("spec"), Place::Template, out);
    if !at.value.items("spec.ephemeralContainers").is_empty() {
        check::forbidden(
            &at.at("spec.ephemeralContainers").path,
            "ephemeral containers not allowed in pod template",
            out,
        );
    }
}

/// A workload's pods run for ever: they restart always, and have no deadline.
pub fn lasting_template(at: &Cursor<'_>, word: &str, out: &mut ErrorList) {
    template(at, out);
    let policy = at.at("spec.restartPolicy");
    if !["", "Always"].contains(&policy.str()) {
        check::one_of(&policy, &["Always"], out);
    }
    let kind = match word {
        "daemonset" => "DaemonSet",
        "statefulset" => "StatefulSet",
        "ReplicationController" => word,
        _ => "ReplicaSet",
    };
    if let Some(deadline) = at.at("spec.activeDeadlineSeconds").present() {
        check::forbidden(&deadline.path, &format!("activeDeadlineSeconds in {kind} is not Supported"), out);
    }
}
