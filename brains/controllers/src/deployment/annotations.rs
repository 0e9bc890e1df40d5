//! What is written on ReplicaSets for the next decision and for `kubectl rollout`.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
pub(super) const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const HISTORY_LENGTH_MAX: usize = 2000;

/// What belongs to the one object alone and is not copied to the other.
const OWN: [&str; 6] = [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO];

pub(super) fn get<'a>(object: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    object.annotations.as_ref()?.get(name).map(String::as_str)
}

fn set(object: &mut ObjectMeta, name: &str, value: impl Into<String>) {
    object.annotations.get_or_insert_default().insert(name.into(), value.into());
}

/// A revision that is no number counts as none.
pub(super) fn revision(object: &ObjectMeta) -> i64 {
    get(object, REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0)
}

pub(super) fn set_revision(object: &mut ObjectMeta, revision: &str) {
    set(object, REVISION, revision);
}

pub(super) fn size(object: &ObjectMeta, name: &str) -> Option<i32> {
    get(object, name)?.parse().ok().filter(|size| *size >= 0)
}

pub(super) fn set_sizes(of: &mut ReplicaSet, desired: i32, most: i32) {
    set(&mut of.metadata, DESIRED_REPLICAS, desired.to_string());
    set(&mut of.metadata, MAX_REPLICAS, most.to_string());
}

/// Gives a set its Deployment's annotations and, if it had a lower one, this revision; keeps those it had before.
pub(super) fn follow(deployment: &Deployment, of: &mut ReplicaSet, revision: i64) {
    for (name, value) in deployment.metadata.annotations.iter().flatten() {
        if !OWN.contains(&name.as_str()) {
            set(&mut of.metadata, name, value);
        }
    }
    let before = get(&of.metadata, REVISION).map(str::to_owned);
    let Ok(number) = before.as_deref().unwrap_or("0").parse::<i64>() else { return };
    if number >= revision {
        return;
    }
    set_revision(&mut of.metadata, &revision.to_string());
    if let Some(before) = before {
        remember(of, &before);
    }
}

fn remember(of: &mut ReplicaSet, before: &str) {
    let history = get(&of.metadata, REVISION_HISTORY).unwrap_or("");
    let mut revisions: Vec<&str> = history.split(',').filter(|revision| !revision.is_empty()).collect();
    revisions.push(before);
    while revisions.join(",").len() > HISTORY_LENGTH_MAX {
        revisions.remove(0);
    }
    let history = revisions.join(",");
    set(&mut of.metadata, REVISION_HISTORY, history);
}

/// A Deployment that is rolled back takes on the annotations of that time.
pub(super) fn return_to(deployment: &mut Deployment, of: &ReplicaSet) {
    let mine = deployment.metadata.annotations.take().unwrap_or_default();
    let kept = mine.into_iter().filter(|(name, _)| OWN.contains(&name.as_str()));
    let theirs = of.metadata.annotations.clone().unwrap_or_default();
    let taken = theirs.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    deployment.metadata.annotations = Some(kept.chain(taken).collect());
}
