//! Lets go of claims, volumes and attribute classes that are to be deleted once nothing uses them; takes hold of those
//! that came without. Three controllers of one form.

use crate::{ownership, pods};
use k8s_openapi::Metadata;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::VolumeAttributesClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use meta::{CompactString, Key, Object};
use plan::{Change, Controller, Grant, Index, Input, Moment, Plan, Resource, View};

const CLAIM_HELD: &str = "kubernetes.io/pvc-protection";
const VOLUME_HELD: &str = "kubernetes.io/pv-protection";
const CLASS_HELD: &str = "kubernetes.io/vac-protection";

/// Pods that have a node, by the claims that they name: `namespace/claim`.
const BY_CLAIM: Index = Index {
    name: "claim",
    values: |pod| match pod.typed::<Pod>() {
        Ok(pod) if !pods::node(&pod).is_empty() => claims(&pod).iter().map(text).collect(),
        _ => Vec::new(),
    },
};
const CLAIMS_BY_CLASS: Index = Index {
    name: "class",
    values: |claim| claim.typed::<PersistentVolumeClaim>().map(|claim| classes_of_claim(&claim)).unwrap_or_default(),
};
const VOLUMES_BY_CLASS: Index = Index {
    name: "class",
    values: |volume| volume.typed::<PersistentVolume>().map(|volume| class_of_volume(&volume)).unwrap_or_default(),
};

pub struct ClaimProtection;
pub struct VolumeProtection;
pub struct ClassProtection;

impl Controller for ClaimProtection {
    fn name(&self) -> &'static str {
        "pvc-protection-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<PersistentVolumeClaim>(), Input::indexed::<Pod>(&[BY_CLAIM])]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<PersistentVolumeClaim>(&["update"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        match change.resource == Pod::gvr() {
            true => change.sides().filter_map(|pod| pod.typed::<Pod>().ok()).flat_map(|pod| claims(&pod)).collect(),
            false => vec![change.key.clone()],
        }
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        if let Some(claim) = seen.get::<PersistentVolumeClaim>(&key.namespace, &key.name) {
            let used = || seen.indexed::<Pod>(&BY_CLAIM, &text(key)).next().is_some();
            hold(&*claim, CLAIM_HELD, used, &mut plan);
        }
        plan
    }
}

impl Controller for VolumeProtection {
    fn name(&self) -> &'static str {
        "pv-protection-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<PersistentVolume>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<PersistentVolume>(&["update"])]
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        if let Some(volume) = seen.get::<PersistentVolume>("", &key.name) {
            let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
            hold(&*volume, VOLUME_HELD, || phase == Some("Bound"), &mut plan);
        }
        plan
    }
}

impl Controller for ClassProtection {
    fn name(&self) -> &'static str {
        "volumeattributesclass-protection-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![
            Input::of::<VolumeAttributesClass>(),
            Input::indexed::<PersistentVolumeClaim>(&[CLAIMS_BY_CLASS]),
            Input::indexed::<PersistentVolume>(&[VOLUMES_BY_CLASS]),
        ]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<VolumeAttributesClass>(&["update"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        let named: fn(&Object) -> Vec<CompactString> = match &change.resource {
            resource if *resource == PersistentVolumeClaim::gvr() => CLAIMS_BY_CLASS.values,
            resource if *resource == PersistentVolume::gvr() => VOLUMES_BY_CLASS.values,
            _ => return vec![change.key.clone()],
        };
        change.sides().flat_map(|object| named(object)).map(Key::cluster).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        if let Some(class) = seen.get::<VolumeAttributesClass>("", &key.name) {
            let used = || {
                seen.indexed::<PersistentVolumeClaim>(&CLAIMS_BY_CLASS, &key.name).next().is_some()
                    || seen.indexed::<PersistentVolume>(&VOLUMES_BY_CLASS, &key.name).next().is_some()
            };
            hold(&*class, CLASS_HELD, used, &mut plan);
        }
        plan
    }
}

/// Holds what lives, and lets go of what is to be deleted and not used.
fn hold<T>(object: &T, finalizer: &str, used: impl Fn() -> bool, plan: &mut Plan)
where
    T: Resource + Metadata<Ty = ObjectMeta> + Clone,
{
    let metadata = object.metadata();
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    let held = finalizers.iter().any(|known| known == finalizer);
    match (metadata.deletion_timestamp.is_some(), held) {
        (true, true) if !used() => finalizers.retain(|known| known != finalizer),
        (false, false) => finalizers.push(finalizer.into()),
        _ => return,
    }
    let mut changed = object.clone();
    changed.metadata_mut().finalizers = Some(finalizers);
    plan.update::<T>(ownership::key(metadata), &changed);
}

fn text(key: &Key) -> CompactString {
    format!("{}/{}", key.namespace, key.name).into()
}

/// The claims that a pod names; those made for it alone, until its containers are gone.
fn claims(pod: &Pod) -> Vec<Key> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let gone = pods::is_deleted(pod) && pod.metadata.deletion_grace_period_seconds == Some(0);
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref()).into_iter().flatten();
    let named = volumes.filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) if !gone => Some(format!("{}-{}", pods::name(pod), volume.name)),
        _ => None,
    });
    named.map(|name| Key::new(namespace, name)).collect()
}

fn classes_of_claim(claim: &PersistentVolumeClaim) -> Vec<CompactString> {
    let status = claim.status.as_ref();
    let wanted = claim.spec.as_ref().and_then(|spec| spec.volume_attributes_class_name.as_deref());
    let current = status.and_then(|status| status.current_volume_attributes_class_name.as_deref());
    let target = status.and_then(|status| status.modify_volume_status.as_ref());
    let target = target.and_then(|modified| modified.target_volume_attributes_class_name.as_deref());
    [wanted, current, target].into_iter().flatten().map(CompactString::from).collect()
}

fn class_of_volume(volume: &PersistentVolume) -> Vec<CompactString> {
    let class = volume.spec.as_ref().and_then(|spec| spec.volume_attributes_class_name.as_deref());
    class.into_iter().map(CompactString::from).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn protection() {
        check(&super::ClaimProtection, "protection/claims");
        check(&super::VolumeProtection, "protection/volumes");
        check(&super::ClassProtection, "protection/classes");
    }
}
