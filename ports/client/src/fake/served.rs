//! The kinds that the fake serves.

use meta::Gvr;
use plan::Served;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// group, kind, resource, namespaced; all of version v1
const KINDS: &[(&str, &str, &str, bool)] = &[
    ("", "Namespace", "namespaces", false),
    ("", "Node", "nodes", false),
    ("", "PersistentVolume", "persistentvolumes", false),
    ("", "ConfigMap", "configmaps", true),
    ("", "Endpoints", "endpoints", true),
    ("", "Event", "events", true),
    ("", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("", "Pod", "pods", true),
    ("", "PodTemplate", "podtemplates", true),
    ("", "ReplicationController", "replicationcontrollers", true),
    ("", "Secret", "secrets", true),
    ("", "Service", "services", true),
    ("", "ServiceAccount", "serviceaccounts", true),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false),
    ("apps", "ControllerRevision", "controllerrevisions", true),
    ("apps", "DaemonSet", "daemonsets", true),
    ("apps", "Deployment", "deployments", true),
    ("apps", "ReplicaSet", "replicasets", true),
    ("apps", "StatefulSet", "statefulsets", true),
    ("batch", "CronJob", "cronjobs", true),
    ("batch", "Job", "jobs", true),
    ("coordination.k8s.io", "Lease", "leases", true),
    ("discovery.k8s.io", "EndpointSlice", "endpointslices", true),
    ("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false),
];

pub fn served() -> Vec<Served> {
    KINDS.iter().map(|&(group, kind, resource, namespaced)| custom(group, kind, resource, namespaced)).collect()
}

/// A kind of one version with all verbs.
pub fn custom(group: &str, kind: &str, resource: &str, namespaced: bool) -> Served {
    Served {
        resource: Gvr::new(group, "v1", resource),
        kind: kind.into(),
        namespaced,
        verbs: VERBS.iter().map(|verb| (*verb).into()).collect(),
        versions: vec!["v1".into()],
    }
}
