//! Sets of fields, as a trie in the shape of `fieldsV1`: `{"f:spec":{".":{},"f:replicas":{}}}`.
//!
//! A node without children is a member; a node with children is one when it holds `.`.

use super::element;
use meta::{CompactString, Map, Value};
use std::fmt;

const SELF: &str = ".";

#[derive(Clone, Default, PartialEq)]
pub struct Set(pub(super) Map);

impl Set {
    /// The fields at dotted paths of names: `spec.replicas`.
    pub fn of_fields<'p>(paths: impl IntoIterator<Item = &'p str>) -> Set {
        let mut set = Set::default();
        for path in paths {
            let steps: Vec<CompactString> = path.split('.').map(element::field).collect();
            set.insert(&steps);
        }
        set
    }

    /// From `fieldsV1` that a client wrote: steps of unknown kinds are dropped, all others must be well formed.
    pub fn decode(fields: &Value) -> Result<Set, String> {
        match fields {
            Value::Null => Ok(Set::default()),
            Value::Map(fields) => decode_children(fields).map(Set),
            other => Err(format!("expected an object, got {}", other.type_name())),
        }
    }

    /// From `fieldsV1` that was written by [`Set::into_value`].
    pub fn from_value(fields: Value) -> Set {
        if let Value::Map(fields) = fields { Set(fields) } else { Set::default() }
    }

    pub fn into_value(self) -> Value {
        Value::Map(self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, path: &[CompactString]) {
        insert(&mut self.0, path);
    }

    pub(super) fn has<S: AsRef<str>>(&self, path: &[S]) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let parent = parents.iter().try_fold(&self.0, |node, step| node.get(step.as_ref())?.as_map());
        parent.and_then(|node| node.get(last.as_ref())?.as_map()).is_some_and(is_member)
    }

    pub fn union(&self, other: &Set) -> Set {
        self.clone().with(other)
    }

    pub fn with(mut self, other: &Set) -> Set {
        self.add(other);
        self
    }

    pub fn intersection(&self, other: &Set) -> Set {
        Set(intersection(&self.0, &other.0))
    }

    pub fn difference(&self, other: &Set) -> Set {
        let mut difference = self.clone();
        difference.subtract(other);
        difference
    }

    pub fn add(&mut self, other: &Set) {
        add(&mut self.0, &other.0);
    }

    /// Takes the members of `other` away; what lies below them stays.
    pub fn subtract(&mut self, other: &Set) {
        subtract(&mut self.0, &other.0);
    }

    /// Takes the members of `other` away with everything below them.
    pub fn subtract_recursively(&mut self, other: &Set) {
        subtract_recursively(&mut self.0, &other.0);
    }

    pub fn overlaps(&self, other: &Set) -> bool {
        overlaps(&self.0, &other.0)
    }

    /// Members that have no member below them.
    pub fn leaves(&self) -> Set {
        Set(leaves(&self.0))
    }

    /// Every member's path, each level's members before what lies below.
    pub fn paths(&self) -> Vec<Vec<CompactString>> {
        let mut paths = Vec::new();
        collect_paths(&self.0, &mut Vec::new(), &mut paths);
        paths
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Map(self.0.clone()))
    }
}

pub(super) fn path_text(path: &[CompactString]) -> String {
    path.iter().map(|step| element::display(step)).collect()
}

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

fn decode_children(fields: &Map) -> Result<Map, String> {
    let mut children = Map::default();
    for (step, child) in fields.iter().filter(|(step, _)| *step != SELF) {
        let Some(step) = element::normalized(step)? else { continue };
        let child = match child {
            Value::Map(child) => node(is_member(child), decode_children(child)?),
            Value::Null => Some(leaf()),
            other => return Err(format!("expected an object, got {}", other.type_name())),
        };
        // A node whose only children are of unknown kinds holds nothing, and upstream reads that as a member.
        children.insert(step, child.unwrap_or_else(leaf));
    }
    Ok(children)
}

fn insert(map: &mut Map, path: &[CompactString]) {
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

fn add(to: &mut Map, from: &Map) {
    for (step, new) in children(from) {
        match to.get_mut(step) {
            Some(Value::Map(old)) => add_node(old, new),
            _ => drop(to.insert(step.clone(), Value::Map(new.clone()))),
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

fn subtract(from: &mut Map, gone: &Map) {
    for (step, gone) in children(gone) {
        let Some(Value::Map(node)) = from.get_mut(step) else { continue };
        let member = is_member(node) && !is_member(gone);
        subtract(node, gone);
        if !shrink(node, member) {
            from.remove(step);
        }
    }
}

fn subtract_recursively(from: &mut Map, gone: &Map) {
    for (step, gone) in children(gone) {
        if is_member(gone) {
            from.remove(step);
            continue;
        }
        let Some(Value::Map(node)) = from.get_mut(step) else { continue };
        let member = is_member(node);
        subtract_recursively(node, gone);
        if !shrink(node, member) {
            from.remove(step);
        }
    }
}

fn intersection(a: &Map, b: &Map) -> Map {
    let both = children(a).filter_map(|(step, a)| {
        let b = b.get(step)?.as_map()?;
        Some((step.clone(), node(is_member(a) && is_member(b), intersection(a, b))?))
    });
    map_of(both.collect())
}

fn overlaps(a: &Map, b: &Map) -> bool {
    children(b).any(|(step, b)| {
        let a = a.get(step).and_then(Value::as_map);
        a.is_some_and(|a| is_member(a) && is_member(b) || overlaps(a, b))
    })
}

fn leaves(map: &Map) -> Map {
    let nodes = children(map).filter_map(|(step, child)| Some((step.clone(), node(child.is_empty(), leaves(child))?)));
    map_of(nodes.collect())
}

fn collect_paths(map: &Map, prefix: &mut Vec<CompactString>, paths: &mut Vec<Vec<CompactString>>) {
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
