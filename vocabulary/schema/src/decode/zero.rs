//! What Go writes where nothing was given.

use super::Slots;
use crate::{SchemaOr, Shape, TypeId, Types};
use meta::Value;

pub(crate) fn zero(types: &Types, id: TypeId) -> Value {
    match &types.node(id).shape {
        Shape::Bool | Shape::SchemaOr(SchemaOr::Bool, _) => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString => Value::Int(0),
        Shape::Str => Value::from(""),
        Shape::Quantity => Value::from("0"),
        Shape::Duration => Value::from("0s"),
        Shape::Struct(fields) => Value::Map(Slots::new(fields).finish(types)),
        _ => Value::Null,
    }
}
