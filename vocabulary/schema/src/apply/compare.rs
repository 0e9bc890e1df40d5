//! What changed between two objects of one type: which fields were added, modified, removed.

use super::atom::{Atom, ListAtom, MapAtom, Type};
use super::element;
use super::set::Set;
use super::trie::{leaf, map_of, node, node_of};
use meta::{CompactString, Map, Value};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    pub added: Set,
    pub modified: Set,
    pub removed: Set,
}

impl Comparison {
    pub(super) fn of(kind: Type<'_>, old: &Value, new: &Value) -> Result<Comparison, String> {
        let mut changes = Changes::default();
        changes.compare(kind, old, new)?;
        let Changes { added, modified, removed } = changes;
        Ok(Comparison { added: Set(map_of(added)), modified: Set(map_of(modified)), removed: Set(map_of(removed)) })
    }

    pub fn is_same(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// Without the fields of `ignored` and what lies below them.
    pub(super) fn without(mut self, ignored: Option<&Set>) -> Comparison {
        if let Some(ignored) = ignored {
            for set in [&mut self.added, &mut self.modified, &mut self.removed] {
                set.subtract_recursively(ignored);
            }
        }
        self
    }

    /// What the writer has set: added or modified.
    pub(super) fn into_written(self) -> Set {
        let mut written = self.added;
        written.add(&self.modified);
        written
    }
}

type Nodes = Vec<(CompactString, Value)>;

/// The three sets of one level, as they grow.
#[derive(Default)]
struct Changes {
    added: Nodes,
    modified: Nodes,
    removed: Nodes,
}

impl Changes {
    /// Compares what both sides have. True: the place itself, taken as one value, differs.
    fn compare(&mut self, kind: Type<'_>, old: &Value, new: &Value) -> Result<bool, String> {
        if old == new {
            return Ok(false);
        }
        let (old_atom, new_atom) = (kind.atom(Some(old)), kind.atom(Some(new)));
        let reshaped = std::mem::discriminant(&old_atom) != std::mem::discriminant(&new_atom);
        let differs = reshaped && self.descend(&old_atom, old, new)?;
        Ok(self.descend(&new_atom, old, new)? || differs)
    }

    fn descend(&mut self, atom: &Atom<'_>, old: &Value, new: &Value) -> Result<bool, String> {
        match atom {
            Atom::Map(map) if !map.atomic => {
                let (before, after) = (old.as_map(), new.as_map());
                if before.is_none_or(Map::is_empty) && after.is_none_or(Map::is_empty) {
                    return Ok(true);
                }
                self.maps(map, before.unwrap_or(&EMPTY), after.unwrap_or(&EMPTY)).map(|()| false)
            }
            Atom::List(list) if !list.is_atomic() => {
                let (before, after) = (old.as_list().unwrap_or(&[]), new.as_list().unwrap_or(&[]));
                if before.is_empty() && after.is_empty() {
                    return Ok(true);
                }
                self.lists(list, before, after).map(|()| false)
            }
            _ => Ok(element::compare_values(old, new).is_ne()),
        }
    }

    fn maps(&mut self, map: &MapAtom<'_>, old: &Map, new: &Map) -> Result<(), String> {
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
            };
            let before = if order.is_le() { old.next() } else { None };
            let after = if order.is_ge() { new.next() } else { None };
            self.field(map, before, after)?;
        }
    }

    fn field(
        &mut self,
        map: &MapAtom<'_>,
        old: Option<(&CompactString, &Value)>,
        new: Option<(&CompactString, &Value)>,
    ) -> Result<(), String> {
        let Some(name) = old.or(new).map(|(name, _)| name) else { return Ok(()) };
        let kind = map.type_of(name).unwrap_or(Type::Deduced);
        match (old, new) {
            (Some((_, old)), Some((_, new))) if old == new => Ok(()),
            (Some((_, old)), Some((_, new))) => self.both(&element::field(name), kind, old, new),
            (Some((_, old)), None) => self.one_sided(map, name, kind, old, Side::Old),
            (None, Some((_, new))) => self.one_sided(map, name, kind, new, Side::New),
            (None, None) => Ok(()),
        }
    }

    /// A field that only one side writes: the other may still have it, at its zero.
    fn one_sided(
        &mut self,
        map: &MapAtom<'_>,
        name: &str,
        kind: Type<'_>,
        value: &Value,
        side: Side,
    ) -> Result<(), String> {
        match (map.zero(name), side) {
            (Some(zero), Side::Old) => self.both(&element::field(name), kind, value, &zero),
            (Some(zero), Side::New) => self.both(&element::field(name), kind, &zero, value),
            (None, side) => self.only(element::field(name), kind, value, side),
        }
    }

    fn only(&mut self, step: CompactString, kind: Type<'_>, value: &Value, side: Side) -> Result<(), String> {
        let whole = everything(kind, value)?;
        match side {
            Side::Old => self.removed.push((step, whole)),
            Side::New => self.added.push((step, whole)),
        }
        Ok(())
    }

    fn both(&mut self, step: &CompactString, kind: Type<'_>, old: &Value, new: &Value) -> Result<(), String> {
        let mut below = Changes::default();
        let modified = below.compare(kind, old, new)?;
        push(&mut self.added, step, node_of(false, below.added));
        push(&mut self.removed, step, node_of(false, below.removed));
        push(&mut self.modified, step, node_of(modified, below.modified));
        Ok(())
    }

    fn lists(&mut self, list: &ListAtom<'_>, old: &[Value], new: &[Value]) -> Result<(), String> {
        let (old, new) = (by_step(list, old)?, by_step(list, new)?);
        let (mut old, mut new) = (old.chunk_by(same_step).peekable(), new.chunk_by(same_step).peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a[0].0.cmp(&b[0].0),
            };
            let before = if order.is_le() { old.next().unwrap_or_default() } else { &[] };
            let after = if order.is_ge() { new.next().unwrap_or_default() } else { &[] };
            self.items(list.item, before, after)?;
        }
    }

    /// Items of one key. Several are duplicates: they are owned together, as one, with nothing below.
    fn items(&mut self, kind: Type<'_>, old: &[Item<'_>], new: &[Item<'_>]) -> Result<(), String> {
        let Some((step, _)) = old.first().or(new.first()) else { return Ok(()) };
        match (old, new) {
            ([old], [new]) => self.both(step, kind, old.1, new.1)?,
            ([old], []) => self.only(step.clone(), kind, old.1, Side::Old)?,
            ([], [new]) => self.only(step.clone(), kind, new.1, Side::New)?,
            ([_, _, ..], [_, _, ..]) => {
                let same = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.1 == b.1);
                push(&mut self.modified, step, (!same).then(leaf));
            }
            ([_, _, ..], new) => {
                if let [new] = new {
                    self.only(step.clone(), kind, new.1, Side::New)?;
                }
                push(&mut self.removed, step, Some(leaf()));
            }
            (old, _) => {
                if let [old] = old {
                    self.only(step.clone(), kind, old.1, Side::Old)?;
                }
                push(&mut self.added, step, Some(leaf()));
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

static EMPTY: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::default);

fn push(nodes: &mut Nodes, step: &CompactString, node: Option<Value>) {
    nodes.extend(node.map(|node| (step.clone(), node)));
}

type Item<'v> = (CompactString, &'v Value);

fn same_step(a: &Item<'_>, b: &Item<'_>) -> bool {
    a.0 == b.0
}

fn by_step<'v>(list: &ListAtom<'_>, items: &'v [Value]) -> Result<Vec<Item<'v>>, String> {
    let step =
        |(i, item)| element::item(list, item).map(|step| (step, item)).map_err(|why| format!("element {i}: {why}"));
    let mut items: Vec<Item<'v>> = items.iter().enumerate().map(step).collect::<Result<_, _>>()?;
    items.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(items)
}

/// The node of a place that appears or vanishes: it and everything below are members.
fn everything(kind: Type<'_>, value: &Value) -> Result<Value, String> {
    let below = match (kind.atom(Some(value)), value) {
        (Atom::Map(map), Value::Map(fields)) if !map.atomic => every_field(&map, fields)?,
        (Atom::List(list), Value::List(items)) if !list.is_atomic() => every_item(&list, items)?,
        _ => Vec::new(),
    };
    Ok(node(true, map_of(below)).unwrap_or_else(leaf))
}

fn every_field(map: &MapAtom<'_>, fields: &Map) -> Result<Nodes, String> {
    let mut nodes = Nodes::with_capacity(fields.len() + 1);
    let kind = |name: &str| map.type_of(name).unwrap_or(Type::Deduced);
    for (name, value) in fields.iter() {
        nodes.push((element::field(name), everything(kind(name), value)?));
    }
    for (name, value) in map.missing_zeros(Some(fields)) {
        nodes.push((element::field(name), everything(kind(name), &value)?));
    }
    Ok(nodes)
}

fn every_item(list: &ListAtom<'_>, items: &[Value]) -> Result<Nodes, String> {
    let items = by_step(list, items)?;
    let nodes = items.chunk_by(same_step).map(|same| match same {
        [(step, item)] => Ok((step.clone(), everything(list.item, item)?)),
        duplicates => Ok((duplicates[0].0.clone(), leaf())),
    });
    nodes.collect()
}
