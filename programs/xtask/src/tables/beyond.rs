//! Types that no OpenAPI document names: their shape is read from Go.

use crate::Failure;
use crate::go_source::GoPackage;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Served and asked for, yet in no OpenAPI document: their shape is read from Go.
pub const BEYOND_OPENAPI: &[(&str, &[&str])] = &[
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1",
        &[
            "ListOptions",
            "GetOptions",
            "CreateOptions",
            "UpdateOptions",
            "PatchOptions",
            "Table",
            "TableColumnDefinition",
            "TableRow",
            "TableRowCondition",
            "TableOptions",
            "PartialObjectMetadata",
            "PartialObjectMetadataList",
        ],
    ),
    (
        "io.k8s.api.core.v1",
        &[
            "PodExecOptions",
            "PodAttachOptions",
            "PodPortForwardOptions",
            "PodProxyOptions",
            "PodLogOptions",
            "NodeProxyOptions",
            "ServiceProxyOptions",
            "RangeAllocation",
        ],
    ),
];

pub fn schema_from_go(packages: &BTreeMap<String, GoPackage>, package: &str, name: &str) -> Result<Value, Failure> {
    let missing = || Failure::Unexpected(format!("{package}.{name}: no such Go type"));
    let fields = packages.get(package).and_then(|p| p.structs.get(name)).ok_or_else(missing)?;
    let mut properties = Map::new();
    for field in fields {
        match (field.inline, field.go_type.as_str()) {
            (true, _) => {
                properties.insert("apiVersion".into(), json!({"type": "string"}));
                properties.insert("kind".into(), json!({"type": "string"}));
            }
            (false, go_type) => {
                properties.insert(field.json.clone(), property_from_go(packages, package, go_type));
            }
        }
    }
    Ok(json!({"properties": properties}))
}

fn property_from_go(packages: &BTreeMap<String, GoPackage>, package: &str, go_type: &str) -> Value {
    let go_type = go_type.trim_start_matches('*');
    match go_type {
        "string" | "types.UID" => return json!({"type": "string"}),
        "bool" => return json!({"type": "boolean"}),
        "int32" => return json!({"type": "integer", "format": "int32"}),
        "int64" => return json!({"type": "integer", "format": "int64"}),
        "[]byte" => return json!({"type": "string", "format": "byte"}),
        "interface{}" => return json!({}),
        _ => {}
    }
    if let Some(item) = go_type.strip_prefix("[]") {
        return json!({"type": "array", "items": property_from_go(packages, package, item)});
    }
    let (home, name) = resolve(package, go_type);
    match packages.get(&home).and_then(|p| p.others.get(&name)) {
        Some(other) => property_from_go(packages, &home, other),
        None => json!({"$ref": format!("#/components/schemas/{home}.{name}")}),
    }
}

/// `metav1.Time` within a package: the package and the name. Go's import names are few and regular.
pub fn resolve(home: &str, go_type: &str) -> (String, String) {
    let Some((import, name)) = go_type.split_once('.') else { return (home.to_string(), go_type.to_string()) };
    let package = match import {
        "metav1" => "io.k8s.apimachinery.pkg.apis.meta.v1",
        "v1" | "corev1" if home != "io.k8s.api.core.v1" => "io.k8s.api.core.v1",
        "v1" => "io.k8s.apimachinery.pkg.apis.meta.v1",
        "resource" => "io.k8s.apimachinery.pkg.api.resource",
        "intstr" => "io.k8s.apimachinery.pkg.util.intstr",
        "runtime" => "io.k8s.apimachinery.pkg.runtime",
        other => return (other.to_string(), name.to_string()),
    };
    (package.to_string(), name.to_string())
}
