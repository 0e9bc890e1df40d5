//! Puts a configuration over a live object: values replace, maps and keyed lists unite, nothing is removed.

use super::atom::{Atom, ListAtom, MapAtom, Type};
use super::element;
use meta::{CompactString, Map, Value};
use std::collections::{HashMap, HashSet};

pub(super) fn merge(kind: Type<'_>, live: &Value, config: &Value) -> Result<Value, String> {
    Ok(merged(kind, live, config)?.unwrap_or_default())
}

/// None when nothing is left to write.
fn merged(kind: Type<'_>, live: &Value, config: &Value) -> Result<Option<Value>, String> {
    match kind.atom(Some(config)) {
        Atom::Map(map) if !map.atomic => {
            let (live_fields, fields) = (live.as_map(), config.as_map());
            match (live_fields.filter(|map| !map.is_empty()), fields.filter(|map| !map.is_empty())) {
                (None, None) => Ok(Some(config.clone())),
                (None, Some(_)) => Ok(Some(config.clone())),
                (Some(live), None) => Ok(Some(Value::Map(live.clone()))),
                (Some(live), Some(fields)) => merge_maps(&map, live, fields),
            }
        }
        Atom::List(list) if !list.is_atomic() => {
            let (live_items, items) = (live.as_list().unwrap_or(&[]), config.as_list().unwrap_or(&[]));
            match (live_items, items) {
                ([], _) => Ok(Some(config.clone())),
                (_, []) => Ok(Some(live.clone())),
                (live, items) => merge_lists(&list, live, items),
            }
        }
        _ => Ok(Some(config.clone())),
    }
}

fn merge_maps(map: &MapAtom<'_>, live: &Map, config: &Map) -> Result<Option<Value>, String> {
    let mut fields = Vec::with_capacity(live.len() + config.len());
    let kept = live.iter().filter(|(name, _)| !config.contains(name));
    fields.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    for (name, value) in config.iter() {
        let kind = map.type_of(name).unwrap_or(Type::Deduced);
        let value = match live.get(name) {
            Some(live) => merged(kind, live, value).map_err(|why| format!(".{name}{why}"))?,
            None => Some(value.clone()),
        };
        fields.extend(value.map(|value| (name.clone(), value)));
    }
    let fields = Map::from_fields(fields, |_| ());
    Ok((!fields.is_empty()).then_some(Value::Map(fields)))
}

/// The items of both: in the configuration's order where it names them, the live object's own in between where they were.
fn merge_lists(list: &ListAtom<'_>, live: &[Value], config: &[Value]) -> Result<Option<Value>, String> {
    let live = Indexed::of(list, live)?;
    let config = Indexed::of(list, config)?;
    let mut merge = ListMerge { list, live: &live, config: &config, done: HashSet::new(), out: Vec::new() };
    merge.run()?;
    let out = merge.out;
    Ok((!out.is_empty()).then_some(Value::List(out)))
}

/// A list's items by their steps.
struct Indexed<'v> {
    steps: Vec<CompactString>,
    items: &'v [Value],
    first: HashMap<CompactString, usize>,
    duplicated: HashSet<CompactString>,
}

impl<'v> Indexed<'v> {
    fn of(list: &ListAtom<'_>, items: &'v [Value]) -> Result<Indexed<'v>, String> {
        let step = |(i, item)| element::item(list, item).map_err(|why| format!(": element {i}: {why}"));
        let steps: Vec<CompactString> = items.iter().enumerate().map(step).collect::<Result<_, _>>()?;
        let mut indexed = Indexed { steps: Vec::new(), items, first: HashMap::new(), duplicated: HashSet::new() };
        for (i, step) in steps.iter().enumerate() {
            if indexed.first.contains_key(step) {
                indexed.duplicated.insert(step.clone());
            } else {
                indexed.first.insert(step.clone(), i);
            }
        }
        Ok(Indexed { steps, ..indexed })
    }

    /// The item of a step; null stands for duplicates, which never merge.
    fn get(&self, step: &str) -> Option<&Value> {
        static NULL: Value = Value::Null;
        let item = &self.items[*self.first.get(step)?];
        Some(if self.duplicated.contains(step) { &NULL } else { item })
    }
}

struct ListMerge<'m, 's, 'v> {
    list: &'m ListAtom<'s>,
    live: &'m Indexed<'v>,
    config: &'m Indexed<'v>,
    /// Steps that already stand in `out`, merged.
    done: HashSet<CompactString>,
    out: Vec<Value>,
}

impl ListMerge<'_, '_, '_> {
    fn run(&mut self) -> Result<(), String> {
        let (live, config) = (self.live, self.config);
        let mut shared = config.steps.iter().filter(|step| live.first.contains_key(*step));
        let mut next_shared = shared.next();
        let (mut l, mut c) = (0, 0);
        while l < live.steps.len() || c < config.steps.len() {
            if let (Some(mine), Some(theirs)) = (live.steps.get(l), config.steps.get(c)) {
                if mine == theirs {
                    self.take(theirs)?;
                    (l, c) = (l + 1, c + 1);
                    next_shared = shared.next();
                    continue;
                }
                // Shared, but its turn comes later.
                if config.first.contains_key(mine) && next_shared.is_some_and(|next| next != mine) {
                    l += 1;
                    continue;
                }
            }
            if let Some(mine) = live.steps.get(l) {
                if !config.first.contains_key(mine) {
                    self.out.push(live.items[l].clone());
                    l += 1;
                    continue;
                }
                if self.done.contains(mine) {
                    l += 1;
                }
            }
            if let Some(theirs) = config.steps.get(c) {
                self.take(theirs)?;
                c += 1;
                if next_shared == Some(theirs) {
                    next_shared = shared.next();
                }
            }
        }
        Ok(())
    }

    /// Writes the configuration's item, merged with the live one of the same step.
    fn take(&mut self, step: &CompactString) -> Result<(), String> {
        self.done.insert(step.clone());
        let config = self.config.get(step).unwrap_or(&Value::Null);
        let item = match self.live.get(step) {
            Some(live) => {
                let prefix = |why| format!("{}{why}", element::display(step));
                merged(self.list.item, live, config).map_err(prefix)?
            }
            None => Some(config.clone()),
        };
        self.out.extend(item);
        Ok(())
    }
}
