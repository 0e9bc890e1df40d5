//! The fields that a configuration names: what its manager will own.

use super::atom::{Atom, ListAtom, MapAtom, Type};
use super::element;
use super::set::Set;
use super::trie::{leaf, map_of, node_of};
use meta::{CompactString, Map, Value};
use std::collections::BTreeMap;

impl Set {
    pub(super) fn of_value(kind: Type<'_>, value: &Value) -> Result<Set, String> {
        named(kind, value).map(|(_, below)| Set(map_of(below)))
    }
}

type Nodes = Vec<(CompactString, Value)>;

/// Whether the place itself is owned, and what is owned below it.
fn named(kind: Type<'_>, value: &Value) -> Result<(bool, Nodes), String> {
    match (kind.atom(Some(value)), value) {
        (Atom::Scalar(_), _) => Ok((true, Vec::new())),
        (Atom::Map(map), _) if map.atomic => Ok((true, Vec::new())),
        (Atom::List(list), _) if list.is_atomic() => Ok((true, Vec::new())),
        (Atom::Map(map), Value::Map(fields)) => Ok((false, named_fields(&map, fields)?)),
        (Atom::List(list), Value::List(items)) => Ok((false, named_items(&list, items)?)),
        _ => Ok((false, Vec::new())),
    }
}

fn named_fields(map: &MapAtom<'_>, fields: &Map) -> Result<Nodes, String> {
    let mut nodes = Nodes::with_capacity(fields.len());
    for (name, value) in fields.iter() {
        let kind = map.type_of(name).unwrap_or(Type::Deduced);
        let (owned, below) = named(kind, value)?;
        let empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
        let node = node_of(owned || empty || !map.is_named(name), below);
        nodes.extend(node.map(|node| (element::field(name), node)));
    }
    Ok(nodes)
}

/// Items that share a key are owned as one, with nothing below.
fn named_items(list: &ListAtom<'_>, items: &[Value]) -> Result<Nodes, String> {
    let mut nodes: BTreeMap<CompactString, Option<&Value>> = BTreeMap::new();
    for item in items {
        let step = element::item(list, item)?;
        nodes.entry(step).and_modify(|first| *first = None).or_insert(Some(item));
    }
    let node = |(step, item): (CompactString, Option<&Value>)| {
        let below = item.map(|item| named(list.item, item)).transpose()?;
        let below = below.map_or(Vec::new(), |(_, below)| below);
        Ok((step, node_of(true, below).unwrap_or_else(leaf)))
    };
    nodes.into_iter().map(node).collect()
}
