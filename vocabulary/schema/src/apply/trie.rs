//! The nodes of a set: maps of steps to nodes. A node without children is a member; a node with children is one when it
//! holds `.`.

use super::element;
use meta::{CompactString, Map, Value};

const SELF: &str = ".";

pub(super) fn is_member(node: &Map) -> bool {
    node.is_empty() || node.contains(SELF)
}

pub(super) fn children(node: &Map) -> impl Iterator<Item = (&CompactString, &Map)> {
    let maps = node.iter().filter_map(|(step, child)| Some((step, child.as_map()?)));
    maps.filter(|(step, _)| *step != SELF)
}

/// A node as a value; none when it holds nothing.
pub(super) fn node(member: bool, mut children: Map) -> Option<Value> {
    if member && !children.is_empty() {
        children.insert(SELF, Value::map());
    }
    (member || !children.is_empty()).then_some(Value::Map(children))
}

/// The same of steps and nodes in any order.
pub(super) fn node_of(member: bool, children: Vec<(CompactString, Value)>) -> Option<Value> {
    node(member, map_of(children))
}

pub(super) fn map_of(children: Vec<(CompactString, Value)>) -> Map {
    Map::from_fields(children, |_| ())
}

pub(super) fn leaf() -> Value {
    Value::map()
}

pub(super) fn decode_children(fields: &Map) -> Result<Map, String> {
    let mut children = Vec::with_capacity(fields.len());
    for (step, child) in fields.iter().filter(|(step, _)| *step != SELF) {
        let Some(step) = element::normalized(step)? else { continue };
        let child = match child {
            Value::Map(child) => node(is_member(child), decode_children(child)?),
            Value::Null => Some(leaf()),
            other => return Err(format!("expected an object, got {}", other.type_name())),
        };
        // A node whose only children are of unknown kinds holds nothing, and upstream reads that as a member.
        children.push((step, child.unwrap_or_else(leaf)));
    }
    Ok(map_of(children))
}

pub(super) fn insert(map: &mut Map, path: &[CompactString]) {
    let Some((step, rest)) = path.split_first() else { return };
    let known = map.contains(step);
    let child = map.entry(step);
    if !matches!(child, Value::Map(_)) {
        *child = Value::map();
    }
    let Value::Map(child) = child else { return };
    match (rest.is_empty(), known) {
        (true, true) if !child.is_empty() => drop(child.insert(SELF, Value::map())),
        (true, _) => {}
        (false, true) if child.is_empty() => {
            child.insert(SELF, Value::map());
            insert(child, rest);
        }
        (false, _) => insert(child, rest),
    }
}

pub(super) fn add(to: &mut Map, from: &Map) {
    let mut missing = Vec::new();
    for (step, new) in children(from) {
        match to.get_mut(step) {
            Some(Value::Map(old)) => add_node(old, new),
            _ => missing.push((step.clone(), Value::Map(new.clone()))),
        }
    }
    insert_all(to, missing);
}

/// One by one into a large map each insertion would move half of it.
fn insert_all(to: &mut Map, new: Vec<(CompactString, Value)>) {
    match new.len() {
        0 => {}
        1 => new.into_iter().for_each(|(step, node)| drop(to.insert(step, node))),
        _ => {
            let old = std::mem::take(to).into_iter();
            *to = map_of(old.chain(new).collect());
        }
    }
}

fn add_node(to: &mut Map, from: &Map) {
    let member = is_member(to) || is_member(from);
    add(to, from);
    if member && !to.is_empty() {
        to.insert(SELF, Value::map());
    }
}

/// What is left of a node when its membership and its children are known.
fn shrink(node: &mut Map, member: bool) -> bool {
    node.remove(SELF);
    let empty = node.is_empty();
    if member && !empty {
        node.insert(SELF, Value::map());
    }
    member || !empty
}

pub(super) fn subtract(from: &mut Map, gone: &Map) {
    change_common(from, gone, |node, gone| {
        let member = is_member(node) && !is_member(gone);
        subtract(node, gone);
        shrink(node, member)
    });
}

pub(super) fn subtract_recursively(from: &mut Map, gone: &Map) {
    change_common(from, gone, |node, gone| {
        if is_member(gone) {
            return false;
        }
        let member = is_member(node);
        subtract_recursively(node, gone);
        shrink(node, member)
    });
}

/// Calls `change` on the nodes that both maps have; a node goes when it returns false.
fn change_common(map: &mut Map, other: &Map, change: impl Fn(&mut Map, &Map) -> bool) {
    let mut emptied = false;
    for (step, other) in children(other) {
        let Some(slot) = map.get_mut(step) else { continue };
        if let Value::Map(node) = slot
            && !change(node, other)
        {
            *slot = Value::Null;
            emptied = true;
        }
    }
    if emptied {
        map.retain(|_, node| !node.is_null());
    }
}

pub(super) fn intersection(a: &Map, b: &Map) -> Map {
    let both = children(a).filter_map(|(step, a)| {
        let b = b.get(step)?.as_map()?;
        Some((step.clone(), node(is_member(a) && is_member(b), intersection(a, b))?))
    });
    map_of(both.collect())
}

pub(super) fn overlaps(a: &Map, b: &Map) -> bool {
    children(b).any(|(step, b)| {
        let a = a.get(step).and_then(Value::as_map);
        a.is_some_and(|a| is_member(a) && is_member(b) || overlaps(a, b))
    })
}

pub(super) fn leaves(map: &Map) -> Map {
    let nodes = children(map).filter_map(|(step, child)| Some((step.clone(), node(child.is_empty(), leaves(child))?)));
    map_of(nodes.collect())
}

pub(super) fn collect_paths(map: &Map, prefix: &mut Vec<CompactString>, paths: &mut Vec<Vec<CompactString>>) {
    let mut nodes: Vec<(&CompactString, &Map)> = children(map).collect();
    nodes.sort_by_cached_key(|(step, _)| Rank(element::rank(step)));
    for (step, _) in nodes.iter().filter(|(_, node)| is_member(node)) {
        paths.push(prefix.iter().chain([*step]).cloned().collect());
    }
    for (step, node) in nodes {
        prefix.push(step.clone());
        collect_paths(node, prefix, paths);
        prefix.pop();
    }
}

struct Rank((u8, Value));

impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> std::cmp::Ordering {
        self.0.0.cmp(&other.0.0).then_with(|| element::compare_values(&self.0.1, &other.0.1))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Rank) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}
