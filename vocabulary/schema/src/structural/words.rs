//! How the checks read a JSON schema.

use meta::{Map, Path, Value};

pub(super) const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
pub(super) const EMBEDDED: &str = "x-kubernetes-embedded-resource";
pub(super) const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
pub(super) const LIST_TYPE: &str = "x-kubernetes-list-type";
pub(super) const LIST_KEYS: &str = "x-kubernetes-list-map-keys";
pub(super) const MAP_TYPE: &str = "x-kubernetes-map-type";
pub(super) const RULES: &str = "x-kubernetes-validations";

pub(super) fn is_true(schema: &Value, name: &str) -> bool {
    schema.get(name).as_bool() == Some(true)
}

pub(super) fn text<'v>(schema: &'v Value, name: &str) -> &'v str {
    schema.get(name).as_str().unwrap_or("")
}

pub(super) fn list<'v>(schema: &'v Value, name: &str) -> &'v [Value] {
    schema.get(name).as_list().unwrap_or(&[])
}

pub(super) fn kind(schema: &Value) -> &str {
    text(schema, "type")
}

/// The schemas of the named fields with their paths.
pub(super) fn properties<'v>(schema: &'v Value, path: &Path) -> Vec<(&'v str, &'v Value, Path)> {
    let path = path.field("properties");
    let fields = schema.get("properties").as_map().into_iter().flat_map(Map::iter);
    fields.map(|(name, schema)| (name.as_str(), schema, path.key(name))).collect()
}

/// The schemas joined under one of `allOf`, `anyOf`, `oneOf`.
pub(super) fn joined<'v>(schema: &'v Value, junctor: &str, path: &Path) -> Vec<(&'v Value, Path)> {
    let path = path.field(junctor);
    list(schema, junctor).iter().enumerate().map(|(index, schema)| (schema, path.index(index))).collect()
}

/// The one schema under a name, where it is one.
pub(super) fn schema_at<'v>(schema: &'v Value, name: &str) -> Option<&'v Value> {
    Some(schema.get(name)).filter(|schema| schema.as_map().is_some())
}
