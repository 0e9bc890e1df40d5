//! What is said of a type where it is used: by reference, with a default, with the rules of patches.

use super::{Dialect, Writer};
use crate::{Field, Node, Shape, TypeId};
use meta::{Map, Value, value};

impl Writer<'_> {
    /// The schema of a struct's field.
    pub fn field(&mut self, field: &Field) -> Value {
        let types = self.types;
        let node = types.node(field.node);
        let mut out = self.used(field.node, true);
        if let Some(description) = &field.description {
            out.insert("description", Value::from(&**description));
        }
        if let Some(default) = self.told_default(field, node) {
            out.insert("default", default);
        }
        if types.custom {
            return Value::Map(out);
        }
        self.add_patch(field, node, &mut out);
        unwrapped(out)
    }

    /// The schema of a list's items or a map's values. Where those are plain in Go, their zero is the default.
    pub fn inner(&mut self, id: TypeId) -> Value {
        let default = self.inner_default(self.types.node(id));
        let mut out = self.used(id, default.is_some());
        if let Some(default) = default {
            out.insert("default", default);
        }
        Value::Map(out)
    }

    /// The default of a field: its own, else its zero where Go would write that.
    fn told_default(&self, field: &Field, node: &Node) -> Option<Value> {
        let own = field.default.as_ref().filter(|_| !field.default_untold);
        match own {
            _ if self.dialect == Dialect::V2 => None,
            Some(default) => Some(default.clone()),
            None if self.types.custom || field.pointer => None,
            None if field.always || node.as_struct().is_some() => zero(node),
            None => None,
        }
    }

    fn inner_default(&self, node: &Node) -> Option<Value> {
        match self.dialect {
            Dialect::V2 => None,
            Dialect::V3 if self.types.custom => node.details.as_ref().and_then(|details| details.default.clone()),
            Dialect::V3 => zero(node),
        }
    }

    /// A named type by reference, in a wrapper where something stands beside it; any other as it is.
    fn used(&mut self, id: TypeId, beside: bool) -> Map {
        let types = self.types;
        let Some(name) = &types.node(id).name else {
            let Value::Map(out) = self.definition(id) else { return Map::default() };
            return out;
        };
        (self.refers)(name, id);
        let reference = value!({"$ref": (self.dialect.reference(name))});
        match (self.dialect, reference) {
            (Dialect::V2, Value::Map(reference)) => reference,
            (Dialect::V3, Value::Map(reference)) if !beside => reference,
            (_, reference) => Map::from_iter([("allOf", vec![reference])]),
        }
    }

    fn add_patch(&self, field: &Field, node: &Node, out: &mut Map) {
        let (merge, item) = match &node.shape {
            Shape::List { item, patch, .. } => (patch.as_ref(), self.types.node(*item)),
            _ => (None, node),
        };
        let retains = item.as_struct().is_some_and(|fields| fields.retain_keys);
        let strategy = match (merge, retains, field.patch_replace) {
            (_, _, true) => "replace",
            (Some(_), true, _) => "merge,retainKeys",
            (Some(_), false, _) => "merge",
            (None, true, _) => "retainKeys",
            (None, false, _) => return,
        };
        out.insert("x-kubernetes-patch-strategy", strategy);
        if let Some(key) = merge.and_then(|merge| merge.key.as_ref()) {
            out.insert("x-kubernetes-patch-merge-key", key);
        }
    }
}

/// A reference needs no wrapper where nothing stands beside it.
fn unwrapped(out: Map) -> Value {
    match (out.len(), out.get("allOf").and_then(Value::as_list)) {
        (1, Some([only])) => only.clone(),
        _ => Value::Map(out),
    }
}

/// What a document gives as the zero of a plain Go type; types with a notation of their own have none.
fn zero(node: &Node) -> Option<Value> {
    match &node.shape {
        Shape::Str => Some("".into()),
        Shape::Bool => Some(false.into()),
        Shape::Int32 | Shape::Int64 | Shape::Float => Some(0i64.into()),
        Shape::Struct(_) => Some(Value::map()),
        _ => None,
    }
}
