//! Takes the fields and items of a set out of a value.

use super::atom::{Atom, ListAtom, MapAtom, Type};
use super::element;
use super::set::Set;
use super::trie::{children, is_member, node};
use meta::{Map, Value};

/// What is left: null where nothing is.
pub(super) fn remove_items(kind: Type<'_>, value: &Value, gone: &Set) -> Value {
    remaining(kind, value, &gone.0)
}

fn remaining(kind: Type<'_>, value: &Value, gone: &Map) -> Value {
    match (kind.atom(Some(value)), value) {
        (Atom::Map(map), Value::Map(fields)) if !map.atomic => remaining_fields(&map, fields, gone),
        (Atom::List(list), Value::List(items)) if !list.is_atomic() => remaining_items(&list, items, gone),
        (Atom::Scalar(_), scalar) => scalar.clone(),
        _ => Value::Null,
    }
}

/// What a set says of one step: gone, touched below, or left alone.
fn keep(kind: Type<'_>, value: &Value, gone: Option<&Map>) -> Option<Value> {
    match gone {
        None => Some(value.clone()),
        Some(gone) if is_member(gone) => None,
        Some(gone) => Some(remaining(kind, value, gone)),
    }
}

fn remaining_fields(map: &MapAtom<'_>, fields: &Map, gone: &Map) -> Value {
    let kept = fields.iter().filter_map(|(name, value)| {
        let kind = map.type_of(name).unwrap_or(Type::Deduced);
        let gone = gone.get(&element::field(name)).and_then(Value::as_map);
        Some((name.clone(), keep(kind, value, gone)?))
    });
    let kept: Map = kept.collect();
    if kept.is_empty() { Value::Null } else { Value::Map(kept) }
}

fn remaining_items(list: &ListAtom<'_>, items: &[Value], gone: &Map) -> Value {
    let kept = items.iter().filter_map(|item| {
        let step = element::item(list, item).ok();
        let gone = step.and_then(|step| gone.get(&step)).and_then(Value::as_map);
        keep(list.item, item, gone)
    });
    let kept: Vec<Value> = kept.collect();
    if kept.is_empty() { Value::Null } else { Value::List(kept) }
}

impl Set {
    /// With the named fields of structs that lead to members: owning `spec.replicas` then means owning `spec`, too.
    pub(super) fn with_named_parents(&self, kind: Type<'_>) -> Set {
        Set(named_parents(Some(kind), &self.0))
    }
}

fn named_parents(kind: Option<Type<'_>>, set: &Map) -> Map {
    let atom = kind.map(|kind| kind.atom(None));
    let nodes = children(set).filter_map(|(step, below)| {
        let (named, kind) = match (&atom, step.strip_prefix("f:")) {
            (Some(Atom::Map(map)), Some(name)) => (map.is_named(name), map.type_of(name)),
            (Some(Atom::List(list)), None) if step.starts_with("k:") => (false, Some(list.item)),
            _ => (false, None),
        };
        Some((step.clone(), node(is_member(below) || named, named_parents(kind, below))?))
    });
    nodes.collect()
}
