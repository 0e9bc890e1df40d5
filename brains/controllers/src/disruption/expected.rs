//! How many pods there should be, and how many of them healthy.

use crate::ownership;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, ReplicationController};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use plan::View;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) pods: i32,
    pub(super) healthy: i32,
}

pub(super) fn of(budget: &PodDisruptionBudget, pods: &[Arc<Pod>], seen: &View) -> Result<Expected, String> {
    let spec = budget.spec.clone().unwrap_or_default();
    match (&spec.max_unavailable, &spec.min_available) {
        (Some(most), _) => {
            let all = scale(pods, seen)?;
            Ok(Expected { pods: all, healthy: (all - share(most, all)?).max(0) })
        }
        (None, Some(IntOrString::Int(least))) => Ok(Expected { pods: pods.len() as i32, healthy: *least }),
        (None, Some(least)) => {
            let all = scale(pods, seen)?;
            Ok(Expected { pods: all, healthy: share(least, all)? })
        }
        (None, None) => Ok(Expected { pods: 0, healthy: 0 }),
    }
}

/// A number, or a percentage of all, rounded up.
fn share(of: &IntOrString, all: i32) -> Result<i32, String> {
    match of {
        IntOrString::Int(number) => Ok(*number),
        IntOrString::String(text) => {
            let percent: Option<i64> = text.strip_suffix('%').and_then(|number| number.parse().ok());
            let percent = percent.ok_or("invalid type: string is not a percentage")?;
            Ok((percent * i64::from(all) + 99).div_euclid(100) as i32)
        }
    }
}

/// The sizes of all workloads that the pods belong to.
fn scale(pods: &[Arc<Pod>], seen: &View) -> Result<i32, String> {
    let mut sizes: BTreeMap<String, i32> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = ownership::controller(&pod.metadata) else { continue };
        if sizes.contains_key(&owner.uid) {
            continue;
        }
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        let name = pod.metadata.name.as_deref().unwrap_or("");
        let (uid, size) =
            size(owner, namespace, seen).ok_or_else(|| format!("found no controllers for pod {name:?}"))?;
        sizes.insert(uid, size);
    }
    Ok(sizes.values().sum())
}

/// The workload that decides how many pods there are, and its answer.
fn size(owner: &OwnerReference, namespace: &str, seen: &View) -> Option<(String, i32)> {
    match (owner.kind.as_str(), owner.api_version.split('/').next()) {
        ("ReplicaSet", Some("apps")) => {
            let set = seen.get::<ReplicaSet>(namespace, &owner.name).filter(|set| is(&set.metadata.uid, owner))?;
            match ownership::controller(&set.metadata).filter(|above| above.kind == "Deployment") {
                Some(above) => deployment(above, namespace, seen),
                None => Some((owner.uid.clone(), set.spec.as_ref()?.replicas.unwrap_or(1))),
            }
        }
        ("StatefulSet", Some("apps")) => {
            let set = seen.get::<StatefulSet>(namespace, &owner.name).filter(|set| is(&set.metadata.uid, owner))?;
            Some((owner.uid.clone(), set.spec.as_ref()?.replicas.unwrap_or(1)))
        }
        ("Deployment", Some("apps")) => deployment(owner, namespace, seen),
        ("ReplicationController", _) => {
            let found = seen.get::<ReplicationController>(namespace, &owner.name);
            let set = found.filter(|set| is(&set.metadata.uid, owner))?;
            Some((owner.uid.clone(), set.spec.as_ref()?.replicas.unwrap_or(1)))
        }
        _ => None,
    }
}

fn deployment(owner: &OwnerReference, namespace: &str, seen: &View) -> Option<(String, i32)> {
    let found = seen.get::<Deployment>(namespace, &owner.name).filter(|found| is(&found.metadata.uid, owner))?;
    Some((owner.uid.clone(), found.spec.as_ref()?.replicas.unwrap_or(1)))
}

fn is(uid: &Option<String>, owner: &OwnerReference) -> bool {
    uid.as_deref() == Some(&owner.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up() {
        for (text, all, expect) in [("50%", 3, 2), ("0%", 3, 0), ("100%", 7, 7), ("34%", 3, 2)] {
            assert_eq!(share(&IntOrString::String(text.into()), all), Ok(expect), "{text} of {all}");
        }
        assert_eq!(share(&IntOrString::Int(2), 9), Ok(2));
        assert!(share(&IntOrString::String("x".into()), 9).is_err());
    }
}
