//! Takes away what a schema does not name, and tells the paths of it.

use crate::trail::Trail;
use crate::{Extra, Schema, Shape, StructType, TypeId, Types};
use meta::{Map, Value};

/// What every object has, whether or not its schema says so.
const OBJECT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

pub(crate) fn is_object_field(name: &str) -> bool {
    OBJECT_FIELDS.contains(&name)
}

impl Schema {
    /// Drops unknown fields and, for custom kinds, nulls where none may stand and no default follows. Returns the
    /// paths of the unknown fields, sorted.
    pub fn prune(&self, value: &mut Value) -> Vec<String> {
        let unknown = fields(self, value);
        if self.types.custom {
            drop_nulls(&self.types, self.root, value);
        }
        unknown
    }
}

/// Drops unknown fields alone.
pub(crate) fn fields(schema: &Schema, value: &mut Value) -> Vec<String> {
    let mut walk = Walk { types: &schema.types, unknown: Vec::new() };
    walk.value(Some(schema.root), value, &Trail::Root);
    walk.unknown.sort();
    walk.unknown
}

struct Walk<'t> {
    types: &'t Types,
    unknown: Vec<String>,
}

impl<'t> Walk<'t> {
    /// Without a type nothing is known.
    fn value(&mut self, id: Option<TypeId>, value: &mut Value, trail: &Trail<'_>) {
        let shape = id.map(|id| &self.types.node(id).shape);
        match (value, shape) {
            (_, Some(Shape::Any | Shape::SchemaOr(..))) => {}
            (Value::Map(map), Some(Shape::Struct(fields))) => self.fields(fields, map, trail),
            (Value::Map(map), Some(Shape::Map { value, .. })) => {
                map.iter_mut().for_each(|(name, entry)| self.value(Some(*value), entry, &Trail::Name(trail, name)));
            }
            (Value::Map(map), _) => map.retain(|name, _| self.drop(name, trail)),
            (Value::List(items), shape) => {
                let item = if let Some(Shape::List { item, .. }) = shape { Some(*item) } else { None };
                for (index, value) in items.iter_mut().enumerate() {
                    self.value(item, value, &Trail::Index(trail, index));
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &'t StructType, map: &mut Map, trail: &Trail<'_>) {
        let object = fields.embedded_resource || (trail.is_root() && self.types.custom);
        map.retain(|name, value| {
            if object && is_object_field(name) {
                return true;
            }
            let id = match (fields.field(name), &fields.extra) {
                (Some(field), _) => field.node,
                (None, Extra::Typed(id)) => *id,
                (None, Extra::Keep) => return true,
                (None, Extra::Prune) => return self.drop(name, trail),
            };
            self.value(Some(id), value, &Trail::Name(trail, name));
            true
        });
    }

    fn drop(&mut self, name: &str, trail: &Trail<'_>) -> bool {
        self.unknown.push(Trail::Name(trail, name).to_string());
        false
    }
}

/// Nulls where none may stand go, unless a default will take their place.
fn drop_nulls(types: &Types, id: TypeId, value: &mut Value) {
    let shape = &types.node(id).shape;
    match value {
        Value::Map(map) => map.retain(|name, value| {
            let Some((id, defaulted)) = entry(types, shape, name) else { return true };
            if value.is_null() {
                return types.node(id).nullable || defaulted || matches!(types.node(id).shape, Shape::Any);
            }
            drop_nulls(types, id, value);
            true
        }),
        Value::List(items) => {
            if let Shape::List { item, .. } = shape {
                items.iter_mut().for_each(|value| drop_nulls(types, *item, value));
            }
        }
        _ => {}
    }
}

/// The type under a name, and whether it has a default.
fn entry(types: &Types, shape: &Shape, name: &str) -> Option<(TypeId, bool)> {
    let detail = |id| types.node(id).details.as_ref().is_some_and(|details| details.default.is_some());
    match shape {
        Shape::Struct(fields) => match (fields.field(name), &fields.extra) {
            (Some(field), _) => Some((field.node, field.default.is_some())),
            (None, Extra::Typed(id)) => Some((*id, detail(*id))),
            _ => None,
        },
        Shape::Map { value, .. } => Some((*value, detail(*value))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::custom;
    use meta::value;

    fn check(value: Value, pruned: &Value, unknown: &[&str]) {
        let schema = custom();
        let mut left = value;
        assert_eq!(schema.prune(&mut left), unknown);
        assert_eq!(&left, pruned);
    }

    #[test]
    fn what_the_schema_does_not_name_goes() {
        check(
            value!({"apiVersion": "a/v1", "x": 1i64, "spec": {"size": 1i64, "y": 1i64}}),
            &value!({"apiVersion": "a/v1", "spec": {"size": 1i64}}),
            &["spec.y", "x"],
        );
        check(
            value!({"spec": {"parts": [{"name": "a", "z": {}}]}}),
            &value!({"spec": {"parts": [{"name": "a"}]}}),
            &["spec.parts[0].z"],
        );
        check(value!({"spec": {"size": {"a": {}}}}), &value!({"spec": {"size": {}}}), &["spec.size.a"]);
    }

    #[test]
    fn what_is_preserved_stays() {
        let free = value!({"spec": {"free": {"a": {"b": null}}}});
        check(free.clone(), &free, &[]);
        check(
            value!({"spec": {"open": {"a": 1i64, "known": {"b": 1i64}}}}),
            &value!({"spec": {"open": {"a": 1i64, "known": {}}}}),
            &["spec.open.known.b"],
        );
    }

    #[test]
    fn nulls_go_where_none_may_stand() {
        check(
            value!({"spec": {"size": null, "label": null, "maybe": null}}),
            &value!({"spec": {"size": null, "maybe": null}}),
            &[],
        );
    }
}
