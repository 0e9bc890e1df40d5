//! The objects that are made.

use bytes::Bytes;
use serde_json::{Value, json};

/// A ConfigMap of about 1 KiB.
pub fn config_map(name: &str) -> Bytes {
    let labels = json!({"app": "bench", "shard": format!("s{}", name.len() % 7)});
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"text": "x".repeat(800)}});
    object.to_string().into()
}

/// A pod that takes about 5.5 KB as it is stored: much of it is what servers add.
pub fn pod(name: &str) -> Bytes {
    let variable =
        |number: usize| json!({"name": format!("SETTING_{number}"), "value": format!("value of setting {number}")});
    let container = |name: &str| -> Value {
        json!({
            "name": name,
            "image": "registry.example/team/application:v1.2.3",
            "env": (0..6).map(variable).collect::<Vec<_>>(),
            "ports": [{"name": "web", "containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "web"}},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "web"}},
        })
    };
    let labels = json!({"app": "bench", "tier": "web", "release": "stable", "shard": format!("s{}", name.len() % 7)});
    let spec = json!({"containers": [container("application")], "automountServiceAccountToken": false});
    let metadata = json!({"name": name, "labels": labels, "annotations": {"example/checksum": "0".repeat(64)}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}).to_string().into()
}
