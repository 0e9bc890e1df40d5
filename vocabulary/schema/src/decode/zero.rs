//! What Go writes where nothing was given.

use crate::{SchemaOr, Shape, StructType, TypeId, Types};
use meta::{Map, Value};

pub(crate) fn zero(types: &Types, id: TypeId) -> Value {
    match &types.node(id).shape {
        Shape::Bool | Shape::SchemaOr(SchemaOr::Bool, _) => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString => Value::Int(0),
        Shape::Str => Value::from(""),
        Shape::Quantity => Value::from("0"),
        Shape::Duration => Value::from("0s"),
        Shape::Struct(fields) => {
            let mut map = Map::default();
            fill(types, fields, &mut map);
            Value::Map(map)
        }
        _ => Value::Null,
    }
}

/// Adds the fields that Go always writes.
pub(crate) fn fill(types: &Types, fields: &StructType, map: &mut Map) {
    for field in fields.fields.iter().filter(|field| field.always) {
        if !map.contains(&field.name) {
            let zero = if field.pointer { Value::Null } else { zero(types, field.node) };
            map.insert(field.name.clone(), zero);
        }
    }
}
