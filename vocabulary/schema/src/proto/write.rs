//! An object's tree to a message. Everything is written from the end.

use super::layout::{Layout, What};
use super::tail::Tail;
use super::tree::Tree;
use crate::{Field, SchemaOr, Shape, StructType, TypeId, Types, duration};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Time;

/// The message of what has a type that is one in protobuf, too.
pub(super) fn message(types: &Types, id: TypeId, value: &Tree<'_>, tail: &mut Tail) {
    match &types.node(id).shape {
        Shape::Struct(fields) => members(types, fields, Layout::of(fields), value.fields(), tail),
        Shape::List { item, .. } => items(types, *item, 1, value, tail),
        Shape::Map { value: item, .. } => entries(types, *item, 1, value, tail),
        Shape::Quantity => tail.bytes(1, value.as_text().unwrap_or("0").as_bytes()),
        Shape::Time => moment(value, false, tail),
        Shape::MicroTime => moment(value, true, tail),
        Shape::Duration => {
            let nanos = value.as_text().and_then(|text| duration::parse(text).ok()).unwrap_or(0);
            tail.number(1, nanos as u64);
        }
        Shape::IntOrString => int_or_string(value, tail),
        Shape::SchemaOr(or, schema) => schema_or(types, *or, *schema, value, tail),
        _ => {
            if let Tree::Raw(json) = value {
                tail.bytes(1, json.as_bytes());
            }
        }
    }
}

fn members(types: &Types, fields: &StructType, layout: &Layout, values: &[Tree<'_>], tail: &mut Tail) {
    for member in layout.members.iter().rev() {
        match &member.what {
            What::Inline(inner) => tail.nested(member.tag, |tail| members(types, fields, inner, values, tail)),
            What::Field(index) => {
                field(types, &fields.fields[*index], values.get(*index).unwrap_or(&Tree::Null), tail);
            }
        }
    }
}

fn field(types: &Types, field: &Field, value: &Tree<'_>, tail: &mut Tail) {
    match &types.node(field.node).shape {
        _ if field.pointer && *value == Tree::Null => {}
        Shape::List { item, .. } => items(types, *item, field.tag, value, tail),
        Shape::Map { value: item, .. } => entries(types, *item, field.tag, value, tail),
        _ => single(types, field.node, field.tag, value, tail),
    }
}

/// One value behind its key; null is the type's zero.
fn single(types: &Types, id: TypeId, tag: u32, value: &Tree<'_>, tail: &mut Tail) {
    match &types.node(id).shape {
        Shape::Bool => tail.number(tag, u64::from(value.as_bool().unwrap_or(false))),
        Shape::Int32 | Shape::Int64 => tail.number(tag, value.as_int().unwrap_or(0) as u64),
        Shape::Float => tail.double(tag, float(value)),
        Shape::Str => tail.bytes(tag, value.as_text().unwrap_or("").as_bytes()),
        Shape::Bytes => {
            if let Some(bytes) = value.as_text().and_then(|text| STANDARD.decode(text).ok()) {
                tail.bytes(tag, &bytes);
            }
        }
        _ => tail.nested(tag, |tail| message(types, id, value, tail)),
    }
}

fn float(value: &Tree<'_>) -> f64 {
    match value {
        Tree::Float(number) => *number,
        other => other.as_int().unwrap_or(0) as f64,
    }
}

fn items(types: &Types, item: TypeId, tag: u32, value: &Tree<'_>, tail: &mut Tail) {
    for value in value.items().iter().rev() {
        single(types, item, tag, value, tail);
    }
}

fn entries(types: &Types, item: TypeId, tag: u32, value: &Tree<'_>, tail: &mut Tail) {
    for (name, value) in value.entries().iter().rev() {
        tail.nested(tag, |tail| {
            single(types, item, 2, value, tail);
            tail.bytes(1, name.as_bytes());
        });
    }
}

/// The zero time is an empty message.
fn moment(value: &Tree<'_>, micros: bool, tail: &mut Tail) {
    let Some((second, nanos)) = value.as_text().and_then(Time::parse).map(Time::parts) else { return };
    let nanos = if micros { nanos - nanos % 1000 } else { 0 };
    tail.number(2, nanos as u64);
    tail.number(1, second as u64);
}

fn int_or_string(value: &Tree<'_>, tail: &mut Tail) {
    tail.bytes(3, value.as_text().unwrap_or("").as_bytes());
    tail.number(2, value.as_int().unwrap_or(0) as u64);
    tail.number(1, u64::from(value.as_text().is_some()));
}

fn schema_or(types: &Types, or: SchemaOr, schema: TypeId, value: &Tree<'_>, tail: &mut Tail) {
    let is_schema = matches!(value, Tree::Struct(_));
    let schema_tag = if or == SchemaOr::Bool { 2 } else { 1 };
    for item in value.items().iter().rev() {
        match or {
            SchemaOr::Strings => tail.bytes(2, item.as_text().unwrap_or("").as_bytes()),
            _ => single(types, schema, 2, item, tail),
        }
    }
    if is_schema {
        single(types, schema, schema_tag, value, tail);
    }
    if or == SchemaOr::Bool {
        tail.number(1, u64::from(is_schema || value.as_bool() == Some(true)));
    }
}
