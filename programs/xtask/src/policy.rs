//! The roles and bindings that upstream makes on an empty cluster, as the API server's facts.

use crate::failure::{self, Failure};
use crate::upstream::Upstream;
use serde_json::{Map, Value, json};
use std::path::Path;

const PATH: &str = "engines/apiserver/facts/policy.jsonl";
const KINDS: [(&str, &str); 4] = [
    ("ClusterRole", "clusterroles"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("RoleBinding", "rolebindings"),
];

/// One object a line, in the order of kinds and names.
pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let upstream = Upstream::connect()?;
    let mut text = String::new();
    for (kind, resource) in KINDS {
        let list = upstream.get(&format!("/apis/rbac.authorization.k8s.io/v1/{resource}"))?;
        let items = list["items"].as_array().into_iter().flatten();
        for item in items.filter(|item| item["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults") {
            text.push_str(&bare(kind, item).to_string());
            text.push('\n');
        }
    }
    failure::write(Path::new(PATH), &text)
}

/// Without what a server adds: who, when, and what an aggregated role gathers by itself.
fn bare(kind: &str, item: &Value) -> Value {
    let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind});
    let mut metadata = Map::new();
    for field in ["name", "namespace", "labels", "annotations"] {
        if !item["metadata"][field].is_null() {
            metadata.insert(field.into(), item["metadata"][field].clone());
        }
    }
    object["metadata"] = Value::Object(metadata);
    for field in ["aggregationRule", "rules", "roleRef", "subjects"] {
        if !item[field].is_null() {
            object[field] = item[field].clone();
        }
    }
    object
}
