//! A kubelet and pods: it creates mirror pods of its own, deletes and evicts what is bound to it, and tells its status.

use super::super::{Admitting, Operation, lookup};
use super::references;
use crate::authz::node_name;
use crate::engine::{Api, Call};
use meta::{Gvr, Key, Status, Value};

pub(in super::super) const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) async fn restrict(on: &Admitting<'_>, node: &str, object: Option<&Value>) -> Result<(), Status> {
    let subresource = on.call.request.subresource.as_str();
    let checked = match (subresource, on.operation) {
        ("", Operation::Create) => {
            let pod = object.unwrap_or(&Value::Null);
            match check_mirror(pod, node) {
                Ok(()) => check_owner_uid(on, pod, node).await?,
                refused => refused,
            }
        }
        ("", Operation::Delete) if on.old.is_some_and(|old| old.str("spec.nodeName") != node) => {
            Err(format!("node {node:?} can only delete pods with spec.nodeName set to itself"))
        }
        ("", Operation::Delete) => Ok(()),
        ("", Operation::Update) => {
            Err(format!("unexpected operation \"UPDATE\", node {node:?} can only create and delete mirror pods"))
        }
        ("status", _) => check_status(on.old, object, node),
        _ => Err(format!("unexpected pod subresource {subresource:?}, only 'status' and 'eviction' are allowed")),
    };
    checked.map_err(|why| on.forbidden(object, why))
}

fn check_mirror(pod: &Value, node: &str) -> Result<(), String> {
    if pod.at("metadata.annotations").get(MIRROR).is_null() {
        return Err(format!("pod does not have {MIRROR:?} annotation, node {node:?} can only create mirror pods"));
    }
    if pod.str("spec.nodeName") != node {
        return Err(format!("node {node:?} can only create pods with spec.nodeName set to itself"));
    }
    let owner = match pod.items("metadata.ownerReferences") {
        [owner] => owner,
        [] => return Err(format!("node {node:?} can only create pods with an owner reference set to itself")),
        _ => return Err(format!("node {node:?} can only create pods with a single owner reference set to itself")),
    };
    if (owner.str("apiVersion"), owner.str("kind"), owner.str("name")) != ("v1", "Node", node) {
        return Err(format!("node {node:?} can only create pods with an owner reference set to itself"));
    }
    if !owner.bool("controller") {
        return Err(format!("node {node:?} can only create pods with a controller owner reference set to itself"));
    }
    if owner.bool("blockOwnerDeletion") {
        return Err(format!("node {node:?} must not set blockOwnerDeletion on an owner reference"));
    }
    match references::first(pod) {
        Some(resource) => Err(format!("node {node:?} can not create pods that reference {resource}")),
        None => Ok(()),
    }
}

async fn check_owner_uid(on: &Admitting<'_>, pod: &Value, node: &str) -> Result<Result<(), String>, Status> {
    let own = lookup::must_find(on.api, &Gvr::new("", "v1", "nodes"), &Key::cluster(node)).await?;
    let given = pod.items("metadata.ownerReferences").first().map_or("", |owner| owner.str("uid"));
    let uid = &own.header.uid;
    Ok(match given == uid.as_str() {
        true => Ok(()),
        false => Err(format!("node {node} UID mismatch: expected {given} got {uid}")),
    })
}

fn check_status(old: Option<&Value>, new: Option<&Value>, node: &str) -> Result<(), String> {
    let (Some(old), Some(new)) = (old, new) else { return Err("unexpected operation \"CREATE\"".into()) };
    if old.str("spec.nodeName") != node {
        return Err(format!("node {node:?} can only update pod status for pods with spec.nodeName set to itself"));
    }
    if old.at("metadata.labels") != new.at("metadata.labels") {
        return Err(format!("node {node:?} cannot update labels through pod status"));
    }
    if old.items("status.resourceClaimStatuses") != new.items("status.resourceClaimStatuses") {
        return Err(format!("node {node:?} cannot update resource claim statues"));
    }
    if old.at("status.extendedResourceClaimStatus") != new.at("status.extendedResourceClaimStatus") {
        return Err(format!("node {node:?} cannot update extended resource claim status"));
    }
    Ok(())
}

/// An eviction is no object of a row, so its answer asks here.
pub(crate) async fn admit_eviction(api: &Api, call: &Call) -> Result<(), Status> {
    let Some(node) = node_name(&call.identity) else { return Ok(()) };
    let (pods, key) = (Gvr::new("", "v1", "pods"), &call.request.key);
    let pod = lookup::must_find(api, &pods, key).await?;
    if pod.value().str("spec.nodeName") == node {
        return Ok(());
    }
    Err(Status::forbidden(
        &pods,
        &key.name,
        format!("node {node} can only evict pods with spec.nodeName set to itself"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn mirror() -> Value {
        let mut pod = value!({
            "metadata": {"annotations": {}, "ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u", "controller": true},
            ]},
            "spec": {"nodeName": "n1", "containers": [{"name": "a"}]},
        });
        *pod.entry("metadata").entry("annotations").entry(MIRROR) = Value::from("x");
        pod
    }

    #[test]
    fn a_mirror_pod_belongs_to_its_node_alone() {
        let changed = |path: &str, value: Value| {
            let mut pod = mirror();
            pod.set(path, value);
            pod
        };
        let itself = "node \"n1\" can only create pods with an owner reference set to itself";
        for (pod, expect) in [
            (mirror(), None),
            (
                changed("metadata.annotations", value!({})),
                Some(
                    "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods",
                ),
            ),
            (
                changed("spec.nodeName", Value::from("n2")),
                Some("node \"n1\" can only create pods with spec.nodeName set to itself"),
            ),
            (changed("metadata.ownerReferences", value!([])), Some(itself)),
            (changed("metadata.ownerReferences", value!([{"kind": "Node"}])), Some(itself)),
            (
                changed("spec.serviceAccountName", Value::from("x")),
                Some("node \"n1\" can not create pods that reference serviceaccounts"),
            ),
        ] {
            assert_eq!(check_mirror(&pod, "n1").err().as_deref(), expect, "{pod:?}");
        }
    }

    #[test]
    fn status_is_told_of_own_pods() {
        let pod = |node: &str, label: &str| value!({"metadata": {"labels": {"a": label}}, "spec": {"nodeName": node}});
        for (old, new, allowed) in [
            (pod("n1", "x"), pod("n1", "x"), true),
            (pod("n2", "x"), pod("n2", "x"), false),
            (pod("n1", "x"), pod("n1", "y"), false),
        ] {
            assert_eq!(check_status(Some(&old), Some(&new), "n1").is_ok(), allowed);
        }
    }
}
