//! A member's pod: its ordinal, its name, and its claims as volumes.

use super::claims;
use crate::revisions::HASH_LABEL;
use crate::template;
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume};

const NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

pub(super) fn name(set: &StatefulSet, ordinal: i32) -> String {
    format!("{}-{ordinal}", set.metadata.name.as_deref().unwrap_or(""))
}

/// The ordinal in a member's name.
pub(super) fn ordinal(pod: &Pod, set: &StatefulSet) -> Option<i32> {
    let (parent, ordinal) = pod.metadata.name.as_deref()?.rsplit_once('-')?;
    (Some(parent) == set.metadata.name.as_deref()).then(|| ordinal.parse().ok())?
}

pub(super) fn revision(pod: &Pod) -> &str {
    pod.metadata.labels.as_ref().and_then(|labels| labels.get(HASH_LABEL)).map_or("", String::as_str)
}

pub(super) fn new(
    set: &StatefulSet,
    spec: &StatefulSetSpec,
    template: &PodTemplateSpec,
    revision: &str,
    ordinal: i32,
) -> Pod {
    let name = name(set, ordinal);
    let mut pod = template::pod::<StatefulSet>(template, &set.metadata, &name);
    pod.metadata.namespace = set.metadata.namespace.clone();
    let labels = pod.metadata.labels.get_or_insert_default();
    labels.insert(NAME_LABEL.into(), name.clone());
    labels.insert(INDEX_LABEL.into(), ordinal.to_string());
    labels.insert(HASH_LABEL.into(), revision.into());
    let pod_spec = pod.spec.get_or_insert_default();
    pod_spec.hostname = Some(name);
    pod_spec.subdomain = spec.service_name.clone().filter(|name| !name.is_empty());
    let claimed: Vec<Volume> =
        spec.volume_claim_templates.iter().flatten().map(|claim| volume(set, claim, ordinal)).collect();
    let others = pod_spec.volumes.take().unwrap_or_default();
    let kept = others.into_iter().filter(|volume| !claimed.iter().any(|claimed| claimed.name == volume.name));
    let volumes: Vec<Volume> = claimed.iter().cloned().chain(kept).collect();
    pod_spec.volumes = Some(volumes).filter(|volumes| !volumes.is_empty());
    pod
}

fn volume(set: &StatefulSet, claim: &k8s_openapi::api::core::v1::PersistentVolumeClaim, ordinal: i32) -> Volume {
    let source = PersistentVolumeClaimVolumeSource { claim_name: claims::name(set, claim, ordinal), read_only: None };
    Volume {
        name: claim.metadata.name.clone().unwrap_or_default(),
        persistent_volume_claim: Some(source),
        ..Volume::default()
    }
}
