//! What a type says of itself.

use super::rules::add_rules;
use super::{Dialect, Writer};
use crate::{Extra, ListKind, MapKind, Node, Shape, StructType, TypeId};
use meta::{CompactString, Map, Value, value};

impl Writer<'_> {
    pub fn definition(&mut self, id: TypeId) -> Value {
        let types = self.types;
        let node = types.node(id);
        let mut out = Map::default();
        if let Some(description) = &node.description {
            out.insert("description", Value::from(&**description));
        }
        let hidden = self.is_hidden(node);
        match &node.shape {
            Shape::Struct(fields) => self.object(node, fields, hidden, &mut out),
            Shape::Map { value, kind } => self.map(node, *value, *kind, hidden, &mut out),
            Shape::List { item, kind, .. } => self.list(node, *item, kind, hidden, &mut out),
            _ if hidden => {}
            shape => self.scalar(node, shape, &mut out),
        }
        add_rules(self, node, &mut out);
        Value::Map(out)
    }

    /// The old dialect says nothing of the type of what may be null or may hold anything.
    fn is_hidden(&self, node: &Node) -> bool {
        let keeps = node.as_struct().is_some_and(|fields| fields.extra == Extra::Keep);
        self.dialect == Dialect::V2 && self.types.custom && (node.nullable || keeps)
    }

    fn object(&mut self, node: &Node, fields: &StructType, hidden: bool, out: &mut Map) {
        if !node.untyped && !hidden {
            out.insert("type", "object");
        }
        if !hidden && !fields.fields.is_empty() {
            let mut properties = Map::with_capacity(fields.fields.len());
            for field in &fields.fields {
                properties.insert(field.name.clone(), self.field(field));
            }
            out.insert("properties", properties);
        }
        let required: Vec<&str> =
            fields.fields.iter().filter(|field| field.required).map(|field| &*field.name).collect();
        if !self.types.custom && !required.is_empty() {
            out.insert("required", required);
        }
        match &fields.extra {
            Extra::Keep if !node.untyped => _ = out.insert("x-kubernetes-preserve-unknown-fields", true),
            Extra::Typed(id) if !hidden => _ = out.insert("additionalProperties", self.definition(*id)),
            _ => {}
        }
        if fields.embedded_resource {
            out.insert("x-kubernetes-embedded-resource", true);
        }
        if fields.kind == MapKind::Atomic {
            out.insert("x-kubernetes-map-type", "atomic");
        }
        if !fields.unions.is_empty() {
            out.insert("x-kubernetes-unions", fields.unions.clone());
        }
    }

    fn map(&mut self, node: &Node, id: TypeId, kind: MapKind, hidden: bool, out: &mut Map) {
        if !hidden {
            if !node.untyped {
                out.insert("type", "object");
            }
            let values = self.types.node(id);
            let anything = self.types.custom && values.untyped && values.constraints.is_none();
            let values = if anything { Value::Bool(true) } else { self.inner(id) };
            out.insert("additionalProperties", values);
        }
        if kind == MapKind::Atomic {
            out.insert("x-kubernetes-map-type", "atomic");
        }
    }

    fn list(&mut self, node: &Node, item: TypeId, kind: &ListKind, hidden: bool, out: &mut Map) {
        if !hidden {
            if !node.untyped {
                out.insert("type", "array");
            }
            out.insert("items", self.inner(item));
        }
        let untold = node.details.as_ref().is_some_and(|details| details.kind_untold);
        if untold || node.untyped {
            return;
        }
        let (word, keys): (&str, &[CompactString]) = match kind {
            ListKind::Atomic => ("atomic", &[]),
            ListKind::Set => ("set", &[]),
            ListKind::Map(keys) => ("map", keys),
        };
        out.insert("x-kubernetes-list-type", word);
        if !keys.is_empty() {
            out.insert("x-kubernetes-list-map-keys", keys.iter().map(Value::from).collect::<Vec<Value>>());
        }
    }

    fn scalar(&self, node: &Node, shape: &Shape, out: &mut Map) {
        let custom = self.types.custom && node.name.is_none();
        if custom && (node.untyped || matches!(shape, Shape::Any)) {
            if !node.untyped {
                out.insert("x-kubernetes-preserve-unknown-fields", true);
            }
            return;
        }
        if custom && matches!(shape, Shape::IntOrString) {
            out.insert("x-kubernetes-int-or-string", true);
            return;
        }
        let said = match (shape, self.dialect) {
            (Shape::Quantity, Dialect::V3) => value!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
            (Shape::IntOrString, Dialect::V3) => {
                value!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
            }
            (Shape::IntOrString, Dialect::V2) => value!({"type": "string", "format": "int-or-string"}),
            (Shape::Any | Shape::SchemaOr(..), _) => anything(node),
            (shape, _) => plain(shape, custom),
        };
        if let Value::Map(said) = said {
            said.into_iter().for_each(|(name, value)| _ = out.insert(name, value));
        }
    }
}

fn plain(shape: &Shape, custom: bool) -> Value {
    let (kind, format) = match shape {
        Shape::Bool => ("boolean", ""),
        Shape::Int32 => ("integer", "int32"),
        Shape::Int64 => ("integer", "int64"),
        Shape::Float => ("number", "double"),
        Shape::Bytes => ("string", "byte"),
        Shape::Time | Shape::MicroTime => ("string", "date-time"),
        _ => ("string", ""),
    };
    let mut out = value!({"type": kind});
    if !format.is_empty() && !custom {
        out.set("format", format);
    }
    out
}

/// Any JSON: an object, but for what a JSON schema may hold.
fn anything(node: &Node) -> Value {
    let in_schema = node.name.as_deref().is_some_and(|name| name.contains(".apiextensions."));
    if in_schema || node.name.is_none() { Value::map() } else { value!({"type": "object"}) }
}
