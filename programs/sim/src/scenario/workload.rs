//! What runs in the cluster.

use meta::{Value, value};

fn template(name: &str) -> Value {
    let container = value!({"name": "c", "image": "web:1", "resources": {"requests": {"cpu": "10m"}}});
    value!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}})
}

fn service(name: &str, cluster_ip: Option<&str>) -> Value {
    let mut service = value!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80_i64}]}});
    if let Some(address) = cluster_ip {
        service.set("spec.clusterIP", address);
    }
    service
}

/// A deployment with its service.
pub fn deployment(name: &str, replicas: i64) -> [Value; 2] {
    let deployment = value!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": (template(name))}});
    [deployment, service(name, None)]
}

/// A stateful set with its headless service.
pub fn stateful_set(name: &str, replicas: i64) -> [Value; 2] {
    let set = value!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "serviceName": name, "selector": {"matchLabels": {"app": name}},
            "template": (template(name))}});
    [set, service(name, Some("None"))]
}

pub fn daemon_set(name: &str) -> Value {
    value!({"apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": (template(name))}})
}
