//! What client-side apply sends: the difference between what was applied, what is, and what shall be.
//!
//! Additions and changes are what the new object has and the current one has not; deletions are what was applied last
//! and is no longer named. `schema::patch` applies such patches; this makes them.

mod lists;
mod merge;

pub use merge::merge_patch;

use crate::discovery::Resource;
use crate::failure::Failure;
use lists::list;
use meta::{Map, Value};
use schema::{Schema, Shape};

/// Three states of one map; what is absent is an empty map.
#[derive(Clone, Copy)]
pub struct Three<'v> {
    pub original: &'v Value,
    pub modified: &'v Value,
    pub current: &'v Value,
}

impl<'v> Three<'v> {
    fn get(self, name: &str) -> Three<'v> {
        let (original, modified, current) = (self.original.get(name), self.modified.get(name), self.current.get(name));
        Three { original, modified, current }
    }
}

fn has(value: &Value, name: &str) -> bool {
    value.as_map().is_some_and(|map| map.contains(name))
}

const STRATEGIC: &str = "application/strategic-merge-patch+json";
const MERGE: &str = "application/merge-patch+json";

/// A patch of the best type that the kind takes, and that type.
pub fn difference(resource: &Resource, three: Three<'_>) -> Result<(&'static str, Value), Failure> {
    let known = |row: &&std::sync::Arc<kinds::KindDef>| row.group == resource.group && row.names.kind == resource.kind;
    let rows = kinds::builtin();
    let version = rows.iter().find(known).and_then(|row| row.version(&resource.version));
    match version {
        None => Ok((MERGE, merge_patch(three))),
        // Upstream falls back to the words of its own types; what it cannot find there it refuses as we do.
        Some(version) => patch(&version.schema, three).map(|patch| (STRATEGIC, patch)).map_err(Failure::text),
    }
}

/// The patch from one state to another.
pub fn between(resource: &Resource, before: &Value, after: &Value) -> Result<(&'static str, Value), Failure> {
    difference(resource, Three { original: before, modified: after, current: before })
}

/// A strategic merge patch for a kind with this schema.
pub fn patch(schema: &Schema, three: Three<'_>) -> Result<Value, String> {
    map(schema, three).map(Value::Map)
}

fn map(schema: &Schema, three: Three<'_>) -> Result<Map, String> {
    let mut patch = Map::default();
    for (name, modified) in three.modified.as_map().into_iter().flat_map(Map::iter) {
        field(schema, name, modified, three, &mut patch)?;
    }
    for (name, _) in three.original.as_map().into_iter().flat_map(Map::iter) {
        if !has(three.modified, name) {
            patch.insert(name.clone(), Value::Null);
        }
    }
    retain_keys(schema, three, &mut patch);
    Ok(patch)
}

fn field(schema: &Schema, name: &str, modified: &Value, three: Three<'_>, patch: &mut Map) -> Result<(), String> {
    let inner = three.get(name);
    let current = inner.current;
    if !has(three.current, name) || std::mem::discriminant(current) != std::mem::discriminant(modified) {
        patch.insert(name, modified.clone());
        return Ok(());
    }
    match modified {
        Value::Map(_) | Value::List(_) if current == modified && inner.original == modified => {}
        Value::Map(_) => {
            let inside = map(&known(schema, name)?, inner)?;
            if !inside.is_empty() {
                patch.insert(name, Value::Map(inside));
            }
        }
        Value::List(_) => list(&known(schema, name)?, name, inner, patch)?,
        scalar if scalar != current => {
            patch.insert(name, scalar.clone());
        }
        _ => {}
    }
    Ok(())
}

fn known(schema: &Schema, name: &str) -> Result<Schema, String> {
    let node = match &schema.node().shape {
        Shape::Struct(fields) => fields.field(name).map(|field| field.node),
        Shape::Map { value, .. } => Some(*value),
        _ => None,
    };
    let unknown = || {
        let kind = schema.node().go.as_deref().or(schema.node().name.as_deref()).unwrap_or("");
        let kind = kind.rsplit('.').next().unwrap_or(kind);
        format!("unable to find api field in struct {kind} for the json field {}", meta::quote(name))
    };
    node.map(|node| schema.at(node)).ok_or_else(unknown)
}

/// Of a union the server drops what the new object does not name.
fn retain_keys(schema: &Schema, three: Three<'_>, patch: &mut Map) {
    let Shape::Struct(fields) = &schema.node().shape else { return };
    if !fields.retain_keys {
        return;
    }
    let kept: Vec<Value> = three
        .modified
        .as_map()
        .into_iter()
        .flat_map(Map::iter)
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| Value::from(name))
        .collect();
    let extra = |other: &Value| {
        let mut fields = other.as_map().into_iter().flat_map(Map::iter);
        fields.any(|(name, value)| !value.is_null() && !has(three.modified, name))
    };
    if !kept.is_empty() && (!patch.is_empty() || extra(three.current) || extra(three.original)) {
        patch.insert("$retainKeys", Value::List(kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn deployment() -> Schema {
        let rows = kinds::builtin();
        let row = rows.iter().find(|row| row.group == "apps" && row.names.kind == "Deployment").expect("a row");
        row.version("v1").expect("a version").schema.clone()
    }

    fn containers(items: Value) -> Value {
        value!({"spec": {"template": {"spec": {"containers": items}}}})
    }

    #[test]
    fn patches_say_what_differs() {
        let one = containers(value!([{"name": "a", "image": "1"}]));
        let now = containers(value!([{"name": "a", "image": "1", "imagePullPolicy": "Always"}]));
        let cases = [
            (one.clone(), one.clone(), now.clone(), value!({})),
            (
                one.clone(),
                containers(value!([{"name": "a", "image": "2"}])),
                now.clone(),
                value!({"spec": {"template": {"spec": {
                    "$setElementOrder/containers": [{"name": "a"}], "containers": [{"image": "2", "name": "a"}]}}}}),
            ),
            (
                one,
                containers(value!([{"name": "b", "image": "1"}])),
                now,
                value!({"spec": {"template": {"spec": {
                    "$setElementOrder/containers": [{"name": "b"}],
                    "containers": [{"image": "1", "name": "b"}, {"$patch": "delete", "name": "a"}]}}}}),
            ),
            (
                value!({"metadata": {"labels": {"a": "1", "b": "2"}}}),
                value!({"metadata": {"labels": {"a": "1"}}}),
                value!({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}}),
                value!({"metadata": {"labels": {"b": null}}}),
            ),
        ];
        for (original, modified, current, expect) in cases {
            let three = Three { original: &original, modified: &modified, current: &current };
            assert_eq!(patch(&deployment(), three), Ok(expect));
        }
    }
}
