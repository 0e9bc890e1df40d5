//! How the checks read a JSON schema.

use meta::{Map, Path, Value};

pub(crate) const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
pub(crate) const EMBEDDED: &str = "x-kubernetes-embedded-resource";
pub(crate) const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
pub(crate) const LIST_TYPE: &str = "x-kubernetes-list-type";
pub(crate) const LIST_KEYS: &str = "x-kubernetes-list-map-keys";
pub(crate) const MAP_TYPE: &str = "x-kubernetes-map-type";
pub(crate) const RULES: &str = "x-kubernetes-validations";

pub(crate) fn is_true(schema: &Value, name: &str) -> bool {
    schema.get(name).as_bool() == Some(true)
}

pub(crate) fn text<'v>(schema: &'v Value, name: &str) -> &'v str {
    schema.get(name).as_str().unwrap_or("")
}

pub(crate) fn list<'v>(schema: &'v Value, name: &str) -> &'v [Value] {
    schema.get(name).as_list().unwrap_or(&[])
}

pub(crate) fn kind(schema: &Value) -> &str {
    text(schema, "type")
}

/// The schemas of the named fields with their paths.
pub(crate) fn properties<'v>(schema: &'v Value, path: &Path) -> Vec<(&'v str, &'v Value, Path)> {
    let path = path.field("properties");
    let fields = schema.get("properties").as_map().into_iter().flat_map(Map::iter);
    fields.map(|(name, schema)| (name.as_str(), schema, path.key(name))).collect()
}

/// The schemas joined under one of `allOf`, `anyOf`, `oneOf`.
pub(crate) fn joined<'v>(schema: &'v Value, junctor: &str, path: &Path) -> Vec<(&'v Value, Path)> {
    let path = path.field(junctor);
    list(schema, junctor).iter().enumerate().map(|(index, schema)| (schema, path.index(index))).collect()
}

/// The one schema under a name, where it is one.
pub(crate) fn schema_at<'v>(schema: &'v Value, name: &str) -> Option<&'v Value> {
    Some(schema.get(name)).filter(|schema| schema.as_map().is_some())
}
