//! A case's text: a header and the objects, with the fields that every stored object has filled in.

use jiff::Timestamp;
use meta::{Gvr, Key, Object, Value, value};
use plan::{Catalog, Controller, Input, Moment, Refusal, Served, View};
use std::sync::Arc;

/// apiVersion, kind, resource, namespaced
const KINDS: &[(&str, &str, &str, bool)] = &[
    ("v1", "ConfigMap", "configmaps", true),
    ("v1", "Endpoints", "endpoints", true),
    ("v1", "Namespace", "namespaces", false),
    ("v1", "Node", "nodes", false),
    ("v1", "PersistentVolume", "persistentvolumes", false),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("v1", "Pod", "pods", true),
    ("v1", "ReplicationController", "replicationcontrollers", true),
    ("v1", "Secret", "secrets", true),
    ("v1", "Service", "services", true),
    ("v1", "ResourceQuota", "resourcequotas", true),
    ("v1", "ServiceAccount", "serviceaccounts", true),
    ("apps/v1", "ControllerRevision", "controllerrevisions", true),
    ("apps/v1", "DaemonSet", "daemonsets", true),
    ("apps/v1", "Deployment", "deployments", true),
    ("apps/v1", "ReplicaSet", "replicasets", true),
    ("apps/v1", "StatefulSet", "statefulsets", true),
    ("batch/v1", "CronJob", "cronjobs", true),
    ("batch/v1", "Job", "jobs", true),
    ("certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", false),
    ("coordination.k8s.io/v1", "Lease", "leases", true),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false),
    ("storage.k8s.io/v1", "VolumeAttributesClass", "volumeattributesclasses", false),
    ("example.com/v1", "Widget", "widgets", true),
    ("example.com/v1", "Realm", "realms", false),
];

pub(super) struct Case {
    pub(super) key: Key,
    pub(super) seen: View,
    pub(super) moment: Moment,
}

impl Case {
    pub(super) fn parse(text: &str, controller: &dyn Controller) -> Result<Case, String> {
        let mut documents = text.split("\n---\n");
        let header = yaml(documents.next().unwrap_or(""))?;
        let inputs = controller.reads();
        let mut seen = View::of(&inputs);
        if inputs.iter().any(|input| matches!(input, Input::EveryDeletable)) {
            seen.set_catalog(Arc::new(catalog(&header)), !header.bool("partial"));
        }
        for document in documents {
            let (resource, object) = object(yaml(document)?)?;
            seen.kind_mut(&resource).insert(Arc::new(object));
        }
        Ok(Case { key: key(header.str("key")), seen, moment: moment(&header)? })
    }
}

fn yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|problem| format!("{problem} in:\n{text}"))
}

fn key(text: &str) -> Key {
    match text.split_once('/') {
        Some((namespace, name)) => Key::new(namespace, name),
        None => Key::cluster(text),
    }
}

fn moment(header: &Value) -> Result<Moment, String> {
    let now = Some(header.str("now")).filter(|now| !now.is_empty()).unwrap_or("2026-01-01T00:00:10Z");
    let now: Timestamp = now.parse().map_err(|problem: jiff::Error| problem.to_string())?;
    let awake_since = header.str("awakeSince").parse().unwrap_or(Timestamp::MIN);
    let alarmed = header.bool("alarmed");
    Ok(Moment { refused: refusal(header.get("refused")), awake_since, alarmed, ..Moment::new(now, 1) })
}

fn refusal(refused: &Value) -> Option<Refusal> {
    let verb = match refused.str("verb") {
        "create" => "create",
        "delete" => "delete",
        "update" => "update",
        "" => return None,
        _ => "patch",
    };
    let resource = Gvr::new(refused.str("group"), "v1", refused.str("resource"));
    Some(Refusal { verb, resource, reason: refused.str("reason").into(), message: refused.str("message").into() })
}

fn known(kind: &str) -> Result<(&'static str, Gvr, bool), String> {
    let (api_version, _, resource, namespaced) =
        KINDS.iter().find(|row| row.1 == kind).ok_or_else(|| format!("{kind:?} is no kind that cases know"))?;
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    Ok((api_version, Gvr::new(group, "v1", *resource), *namespaced))
}

/// All known kinds, but those of groups that the header says have failed.
fn catalog(header: &Value) -> Catalog {
    let failed = header.items("failed").iter().filter_map(Value::as_str).map(Into::into).collect();
    let mut catalog = Catalog { failed, ..Catalog::default() };
    for (_, kind, _, namespaced) in KINDS {
        let (_, resource, _) = known(kind).expect("it stands in the list");
        if !catalog.failed.contains(&resource.group) {
            let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
            catalog.resources.push(Served {
                resource,
                kind: (*kind).into(),
                namespaced: *namespaced,
                verbs: verbs.map(Into::into).to_vec(),
                versions: vec!["v1".into()],
            });
        }
    }
    catalog
}

/// `owner: ReplicaSet web-1` stands for a controller reference; name, uid, version and age are filled in.
fn object(mut object: Value) -> Result<(Gvr, Object), String> {
    let (api_version, resource, namespaced) = known(object.str("kind"))?;
    object.set("apiVersion", api_version);
    if namespaced {
        object.set_if_absent("metadata.namespace", "default");
    }
    let uid = format!("{}-uid", object.str("metadata.name"));
    object.set_if_absent("metadata.uid", uid);
    object.set_if_absent("metadata.resourceVersion", "1");
    object.set_if_absent("metadata.creationTimestamp", "2026-01-01T00:00:00Z");
    if let Some(owner) = object.remove("owner") {
        let (kind, name) = owner.as_str().and_then(|o| o.split_once(' ')).ok_or("an owner is a kind and a name")?;
        let reference = value!({
            "apiVersion": (known(kind)?.0), "kind": kind, "name": name, "uid": (format!("{name}-uid")),
            "controller": true, "blockOwnerDeletion": true
        });
        object.set("metadata.ownerReferences", Value::List(vec![reference]));
    }
    let stored = Object::from_value(&object).map_err(|problem| problem.to_string())?;
    Ok((resource, stored))
}
