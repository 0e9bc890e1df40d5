//! How a patch's list merges into a live one: by value, or by a key of its maps.

use super::directive::{self, PATCH};
use super::lookup::{ListPlace, Place};
use super::order::{self, Identity};
use super::{PatchError, merge_key_of, merge_map, no_merge_key, unknown_directive};
use crate::patch::text::go_list_text;
use meta::{Map, Value};
use std::collections::{HashMap, HashSet};

pub(super) fn merge(
    live: Vec<Value>,
    patch: Vec<Value>,
    list: &ListPlace<'_>,
    deleting: bool,
) -> Result<Vec<Value>, PatchError> {
    if live.is_empty() && patch.is_empty() {
        return Ok(live);
    }
    let of_maps = items_are_maps(&[&live, &patch])?;
    match (of_maps, list.key()) {
        (false, _) if deleting => Ok(without(live, &patch)),
        (false, None) => Ok(merge_scalars(&live, &patch)),
        (false, Some(_)) => {
            let first = live.first().or(patch.first()).unwrap_or(&Value::Null);
            Err(super::wrong_type("map[string]interface {}", first))
        }
        (true, None) => {
            let kind = list.item.go_kind();
            Err(PatchError::Unmergeable(format!("cannot merge lists without merge key for {kind}")))
        }
        (true, Some(key)) => merge_maps(live, patch, key, list.item),
    }
}

/// Every item of all lists must be of one type, and none a list.
pub(super) fn items_are_maps(lists: &[&[Value]]) -> Result<bool, PatchError> {
    let mut items = lists.iter().flat_map(|list| list.iter());
    let Some(first) = items.next() else {
        return Err(PatchError::Unmergeable("no elements in any of the given slices".into()));
    };
    if matches!(first, Value::List(_)) {
        return Err(PatchError::Inapplicable("lists of lists are not supported".into()));
    }
    if items.any(|item| !super::same_type(first, item)) {
        let texts: Vec<String> = lists.iter().map(|list| go_list_text(list)).collect();
        let message = format!("list element types are not identical: [{}]", texts.join(" "));
        return Err(PatchError::Unmergeable(message));
    }
    Ok(matches!(first, Value::Map(_)))
}

fn without(live: Vec<Value>, gone: &[Value]) -> Vec<Value> {
    let gone: HashSet<Identity<'_>> = gone.iter().map(Identity::of).collect();
    live.into_iter().filter(|item| !gone.contains(&Identity::of(item))).collect()
}

fn merge_scalars(live: &[Value], patch: &[Value]) -> Vec<Value> {
    order::by_patch_then_live(deduplicated([live, patch].concat()), patch, live, None)
}

/// As upstream drops duplicates: the last item takes the place of each.
fn deduplicated(mut items: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i + 1 < items.len() {
        let mut j = i + 1;
        while j < items.len() {
            if items[i] == items[j] {
                items.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    items
}

fn merge_maps(live: Vec<Value>, patch: Vec<Value>, key: &str, item: Place<'_>) -> Result<Vec<Value>, PatchError> {
    let Sorted { changes, deletions, replace } = Sorted::of(patch, key)?;
    let (live, patch) = if replace { (changes, Vec::new()) } else { (delete(live, &deletions, key), changes) };
    let patch_keys = keys_only(&patch, key)?;
    let live_keys = keys_only(&live, key)?;
    let merged = merge_items(live, patch, key, item)?;
    order::check_keys(&merged, key)?;
    Ok(order::by_patch_then_live(merged, &patch_keys, &live_keys, Some(key)))
}

/// Items reduced to their key: what the order of a list is made of.
pub(super) fn keys_only(items: &[Value], key: &str) -> Result<Vec<Value>, PatchError> {
    let reduce = |item| Ok(Value::Map([(key, merge_key_of(item, key)?.clone())].into_iter().collect()));
    items.iter().map(reduce).collect()
}

/// A patch's list, its directives apart from its changes.
struct Sorted {
    changes: Vec<Value>,
    deletions: Vec<Value>,
    replace: bool,
}

impl Sorted {
    fn of(patch: Vec<Value>, key: &str) -> Result<Sorted, PatchError> {
        let mut sorted = Sorted { changes: Vec::new(), deletions: Vec::new(), replace: false };
        for item in patch {
            sorted.take(item, key)?;
        }
        Ok(sorted)
    }

    fn take(&mut self, item: Value, key: &str) -> Result<(), PatchError> {
        let Value::Map(mut fields) = item else { return Err(super::wrong_type("map[string]interface {}", &item)) };
        let Some(directive) = fields.remove(PATCH) else {
            self.changes.push(Value::Map(fields));
            return Ok(());
        };
        match directive.as_str() {
            Some("delete") => self.deletions.push(deleted_key(fields, directive, key)?),
            Some("replace") => self.replace = true,
            Some("merge") => {
                let message = "merging lists cannot yet be specified in the patch";
                return Err(PatchError::Unmergeable(message.into()));
            }
            _ => return Err(unknown_directive(&directive, fields)),
        }
        Ok(())
    }
}

fn deleted_key(mut fields: Map, directive: Value, key: &str) -> Result<Value, PatchError> {
    match fields.remove(key) {
        Some(value) => Ok(value),
        None => Err(no_merge_key(&directive::with_directive(fields, directive), key)),
    }
}

fn delete(live: Vec<Value>, deletions: &[Value], key: &str) -> Vec<Value> {
    let gone: HashSet<Identity<'_>> = deletions.iter().map(Identity::of).collect();
    let stays = |item: &Value| {
        let found = item.as_map().and_then(|fields| fields.get(key));
        found.is_none_or(|value| !gone.contains(&Identity::of(value)))
    };
    live.into_iter().filter(stays).collect()
}

/// Each change merges into the first item of its key, or comes last.
fn merge_items(live: Vec<Value>, changes: Vec<Value>, key: &str, place: Place<'_>) -> Result<Vec<Value>, PatchError> {
    let mut merged = live;
    let mut known: HashMap<String, usize> = HashMap::with_capacity(merged.len());
    for (at, item) in merged.iter().enumerate() {
        known.entry(merge_key_of(item, key)?.to_string()).or_insert(at);
    }
    for change in changes {
        let name = merge_key_of(&change, key)?.to_string();
        match (known.get(&name), change) {
            (Some(&at), Value::Map(change)) => {
                let Value::Map(item) = std::mem::take(&mut merged[at]) else { continue };
                merged[at] = Value::Map(merge_map(item, change, place)?);
            }
            (_, change) => {
                known.insert(name, merged.len());
                merged.push(change);
            }
        }
    }
    Ok(merged)
}
