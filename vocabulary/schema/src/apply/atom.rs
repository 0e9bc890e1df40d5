//! How a place of a schema is owned and merged: as one value, field by field, or item by item.

use crate::decode;
use crate::{Extra, Field, ListKind, MapKind, Node, Schema, Shape, StructType, TypeId, Types};
use meta::{Map, Value};

#[derive(Clone, Copy)]
pub(super) enum Type<'s> {
    Node {
        types: &'s Types,
        id: TypeId,
        /// Something above keeps unknown fields, and with it everything below.
        keep: bool,
    },
    /// Told by the value alone: maps field by field, lists as one value.
    Deduced,
    /// One value, whatever it holds.
    Whole,
}

pub(super) enum Atom<'s> {
    Scalar(Scalar),
    Map(MapAtom<'s>),
    List(ListAtom<'s>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Number,
    String,
    Bool,
    Any,
}

#[derive(Clone, Copy)]
pub(super) struct MapAtom<'s> {
    pub atomic: bool,
    named: Option<Named<'s>>,
    /// The type of fields without one of their own; none when there must be no such field.
    pub rest: Option<Type<'s>>,
}

/// The named fields of a struct and what their types need.
#[derive(Clone, Copy)]
struct Named<'s> {
    fields: &'s StructType,
    types: &'s Types,
    keep: bool,
}

#[derive(Clone, Copy)]
pub(super) struct ListAtom<'s> {
    pub kind: &'s ListKind,
    pub item: Type<'s>,
}

static ATOMIC: ListKind = ListKind::Atomic;

impl<'s> Type<'s> {
    pub fn root(schema: &'s Schema) -> Type<'s> {
        Type::Node { types: &schema.types, id: schema.root, keep: false }
    }

    /// What a value is here. Where a schema allows several shapes the value's own decides; null and nothing count as maps.
    pub fn atom(self, value: Option<&Value>) -> Atom<'s> {
        match self {
            Type::Deduced => loose(value, deduced_map(), whole_list()),
            Type::Whole => loose(value, MapAtom { atomic: true, named: None, rest: Some(Type::Whole) }, whole_list()),
            Type::Node { types, id, keep } => node_atom(types, types.node(id), keep, value),
        }
    }
}

fn deduced_map<'s>() -> MapAtom<'s> {
    MapAtom { atomic: false, named: None, rest: Some(Type::Deduced) }
}

fn whole_list<'s>() -> ListAtom<'s> {
    ListAtom { kind: &ATOMIC, item: Type::Whole }
}

fn loose<'s>(value: Option<&Value>, map: MapAtom<'s>, list: ListAtom<'s>) -> Atom<'s> {
    match value {
        None | Some(Value::Null | Value::Map(_)) => Atom::Map(map),
        Some(Value::List(_)) => Atom::List(list),
        Some(_) => Atom::Scalar(Scalar::Any),
    }
}

fn node_atom<'s>(types: &'s Types, node: &'s Node, keep: bool, value: Option<&Value>) -> Atom<'s> {
    let of = |id, keep| Type::Node { types, id, keep };
    let atom = match &node.shape {
        Shape::Struct(fields) => Atom::Map(struct_atom(types, fields, keep)),
        Shape::Map { value, kind } => {
            Atom::Map(MapAtom { atomic: *kind == MapKind::Atomic, named: None, rest: Some(of(*value, keep)) })
        }
        Shape::List { item, kind, .. } => Atom::List(ListAtom { kind, item: of(*item, keep) }),
        Shape::Any if is_raw_extension(node) => return Type::Whole.atom(value),
        Shape::Any | Shape::SchemaOr(..) => return Type::Deduced.atom(value),
        Shape::Bool => Atom::Scalar(Scalar::Bool),
        Shape::Int32 | Shape::Int64 | Shape::Float => Atom::Scalar(Scalar::Number),
        Shape::Str if has_free_format(node) => Atom::Scalar(Scalar::Any),
        Shape::Str | Shape::Bytes | Shape::Duration => Atom::Scalar(Scalar::String),
        Shape::IntOrString | Shape::Quantity | Shape::Time | Shape::MicroTime => Atom::Scalar(Scalar::Any),
    };
    if !node.untyped {
        return atom;
    }
    match atom {
        Atom::Map(map) => loose(value, map, whole_list()),
        Atom::List(list) => loose(value, deduced_map(), list),
        Atom::Scalar(_) => loose(value, deduced_map(), whole_list()),
    }
}

fn struct_atom<'s>(types: &'s Types, fields: &'s StructType, keep: bool) -> MapAtom<'s> {
    let keep = keep || fields.extra == Extra::Keep;
    let rest = match fields.extra {
        Extra::Typed(id) => Some(Type::Node { types, id, keep }),
        _ if keep || fields.fields.is_empty() => Some(Type::Deduced),
        _ => None,
    };
    MapAtom { atomic: fields.kind == MapKind::Atomic, named: Some(Named { fields, types, keep }), rest }
}

fn is_raw_extension(node: &Node) -> bool {
    node.name.as_deref().is_some_and(|name| name.ends_with(".RawExtension"))
}

/// Upstream takes a string with a format other than `byte` for any scalar.
fn has_free_format(node: &Node) -> bool {
    let format = node.constraints.as_ref().and_then(|constraints| constraints.format.as_deref());
    format.is_some_and(|format| format != "byte")
}

impl<'s> MapAtom<'s> {
    pub fn is_named(&self, name: &str) -> bool {
        self.named.is_some_and(|named| named.fields.field(name).is_some())
    }

    /// The type of a field; none when the schema knows no such field.
    pub fn type_of(&self, name: &str) -> Option<Type<'s>> {
        let own = self.named.and_then(|named| named.type_of(name));
        own.or(self.rest)
    }

    /// Only told by values: nothing to reconcile with.
    pub fn is_deduced(&self) -> bool {
        let no_names = self.named.is_none_or(|named| named.fields.fields.is_empty());
        no_names && matches!(self.rest, Some(Type::Deduced))
    }

    /// What stands for a field that is absent: Go writes some fields even when they are empty.
    pub fn zero(&self, name: &str) -> Option<Value> {
        let named = self.named?;
        let field = named.fields.field(name)?;
        field.always.then(|| zero(named.types, field))
    }

    /// The fields that are written in any case and that `map` lacks.
    pub fn missing_zeros(&self, map: Option<&Map>) -> impl Iterator<Item = (&'s str, Value)> {
        let absent = move |name: &str| map.is_none_or(|map| !map.contains(name));
        let fields = self.named.into_iter().flat_map(|named| named.fields.fields.iter().map(move |f| (named.types, f)));
        fields
            .filter(move |(_, field)| field.always && absent(&field.name))
            .map(|(types, field)| (field.name.as_str(), zero(types, field)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The default that clients are told of: of a field that Go always writes, its zero.
    pub fn default_of(&self, name: &str) -> Option<Value> {
        let field = self.named?.fields.field(name)?;
        let told = field.default.clone().filter(|_| !field.default_untold);
        told.or_else(|| self.zero(name)).filter(|default| !default.is_null())
    }
}

impl<'s> Named<'s> {
    fn type_of(self, name: &str) -> Option<Type<'s>> {
        let field = self.fields.field(name)?;
        Some(Type::Node { types: self.types, id: field.node, keep: self.keep })
    }
}

fn zero(types: &Types, field: &Field) -> Value {
    if field.pointer { Value::Null } else { decode::zero(types, field.node) }
}

impl<'s> ListAtom<'s> {
    pub fn is_atomic(&self) -> bool {
        *self.kind == ListKind::Atomic
    }
}
