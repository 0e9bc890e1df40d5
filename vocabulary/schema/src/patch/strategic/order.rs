//! The order of merged lists: what the patch orders keeps the patch's order, what only the server has keeps the server's,
//! and the two interleave by where the server had them.

use super::directive::{self, PATCH, SET_ORDER};
use super::lookup::{ListPlace, Place};
use super::{PatchError, as_list, as_map, lists, merge_key_of};
use crate::patch::text::go_list_text;
use meta::{CompactString, Map, Value};
use std::collections::HashMap;

/// What makes two scalars the same item. Lists and maps are no scalars and are told apart by nothing.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Identity<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Str(&'v str),
    Compound(usize),
}

impl<'v> Identity<'v> {
    pub fn of(value: &'v Value) -> Identity<'v> {
        match value {
            Value::Null => Identity::Null,
            Value::Bool(b) => Identity::Bool(*b),
            Value::Int(i) => Identity::Int(*i),
            Value::Float(f) => Identity::Float(f.to_bits()),
            Value::Str(s) => Identity::Str(s),
            Value::List(_) | Value::Map(_) => Identity::Compound(std::ptr::from_ref(value).addr()),
        }
    }

    /// Of an item of a list: by its merge key where the list has one.
    fn of_item(item: &'v Value, key: Option<&str>) -> Identity<'v> {
        Identity::of(key.map_or(item, |key| item.get(key)))
    }
}

/// Where each item stands in a list.
struct Ranks<'v>(HashMap<Identity<'v>, usize>);

impl<'v> Ranks<'v> {
    fn of(list: &'v [Value], key: Option<&str>) -> Ranks<'v> {
        let mut ranks = HashMap::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            ranks.entry(Identity::of_item(item, key)).or_insert(at);
        }
        Ranks(ranks)
    }

    fn rank(&self, item: &Value, key: Option<&str>) -> Option<usize> {
        self.0.get(&Identity::of_item(item, key)).copied()
    }
}

/// `merged` in the order of `patch_order`, its other items in the order of `live_order`, interleaved.
pub(super) fn by_patch_then_live(
    merged: Vec<Value>,
    patch_order: &[Value],
    live_order: &[Value],
    key: Option<&str>,
) -> Vec<Value> {
    let (patch_ranks, live_ranks) = (Ranks::of(patch_order, key), Ranks::of(live_order, key));
    let (patched, server_only): (Vec<_>, Vec<_>) =
        merged.into_iter().partition(|item| patch_ranks.rank(item, key).is_some());
    let patched = sorted(patched, &patch_ranks, key);
    let server_only = sorted(server_only, &live_ranks, key);
    interleave(server_only, patched, &live_ranks, key)
}

/// Items without a rank sort before all others, as upstream's comparison happens to do; items to delete come last.
fn sorted(items: Vec<Value>, ranks: &Ranks<'_>, key: Option<&str>) -> Vec<Value> {
    let doomed = |item: &Value| key.is_some() && item.get(PATCH).as_str() == Some("delete");
    let (to_delete, kept): (Vec<_>, Vec<_>) = items.into_iter().partition(doomed);
    let mut ranked: Vec<(Option<usize>, Value)> = kept.into_iter().map(|item| (ranks.rank(&item, key), item)).collect();
    if ranked.iter().all(|(rank, _)| rank.is_some()) {
        ranked.sort_by_key(|(rank, _)| *rank);
    } else {
        insertion_sort(&mut ranked);
    }
    ranked.into_iter().map(|(_, item)| item).chain(to_delete).collect()
}

/// An item without a rank is "less" than every item and every item less than it: only this very algorithm gives
/// upstream's order for such a comparison.
fn insertion_sort(ranked: &mut [(Option<usize>, Value)]) {
    let less = |a: Option<usize>, b: Option<usize>| a.zip(b).is_none_or(|(a, b)| a < b);
    for i in 1..ranked.len() {
        let mut j = i;
        while j > 0 && less(ranked[j].0, ranked[j - 1].0) {
            ranked.swap(j, j - 1);
            j -= 1;
        }
    }
}

/// Puts each item of `left` before the first item of `right` that the server had behind it.
fn interleave(left: Vec<Value>, right: Vec<Value>, live: &Ranks<'_>, key: Option<&str>) -> Vec<Value> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let ranks = live.rank(l, key).zip(live.rank(r, key));
        all.extend(if ranks.is_some_and(|(l, r)| l < r) { left.next() } else { right.next() });
    }
    all.extend(left.chain(right));
    all
}

/// Takes every `$setElementOrder/<list>` out of the patch, together with the list that it orders.
pub(super) fn merge_ordered_lists(original: &mut Map, patch: &mut Map, place: Place<'_>) -> Result<(), PatchError> {
    let names: Vec<CompactString> = patch.keys().filter(|name| name.starts_with(SET_ORDER)).cloned().collect();
    for name in names {
        let order = patch.remove(&name).unwrap_or_default();
        merge_ordered_list(original, patch, &name, as_list(&order)?, place)?;
    }
    Ok(())
}

fn merge_ordered_list(
    original: &mut Map,
    patch: &mut Map,
    directive: &str,
    order: &[Value],
    place: Place<'_>,
) -> Result<(), PatchError> {
    let name = directive::ordered_list(directive)?;
    let live = original.get(name).map(as_list).transpose()?.map(<[Value]>::to_vec);
    let change = patch.get(name).map(as_list).transpose()?.map(<[Value]>::to_vec);
    let list = place.list_field(name)?;
    check_order(change.as_deref().unwrap_or_default(), order, list.key())?;
    let kinds = [live.as_deref().unwrap_or_default(), change.as_deref().unwrap_or_default()];
    let kinds_checked = |merged| lists::items_are_maps(&kinds).map(|_| merged);
    let (merged, live_order) = match (&live, &change) {
        (None, None) => return Ok(()),
        (Some(live), None) => (live.clone(), live.clone()),
        (None, Some(change)) => (change.iter().cloned().filter_map(directive::stripped).collect(), Vec::new()),
        (Some(live), Some(change)) => merge_both(live, change, &list)?,
    };
    let merged: Vec<Value> = kinds_checked(merged)?;
    if let Some(key) = list.key() {
        [merged.as_slice(), order, &live_order].into_iter().try_for_each(|items| check_keys(items, key))?;
    }
    original.insert(name, Value::List(by_patch_then_live(merged, order, &live_order, list.key())));
    patch.remove(name);
    Ok(())
}

/// The merged items and the order that the server is then taken to have had.
fn merge_both(live: &[Value], change: &[Value], list: &ListPlace<'_>) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    if list.merge.is_none() {
        return Ok((change.to_vec(), live.to_vec()));
    }
    let merged = lists::merge(live.to_vec(), change.to_vec(), list, false)?;
    let live_order = match list.key() {
        Some(key) => order_after_deletions(live, change, key)?,
        None => live.to_vec(),
    };
    Ok((merged, live_order))
}

/// Upstream deletes in place and appends new items to the freed room, so that as many new items as were deleted count as
/// if the server had had them, at the end.
fn order_after_deletions(live: &[Value], change: &[Value], key: &str) -> Result<Vec<Value>, PatchError> {
    let directive = |item: &&Value| item.as_map().is_some_and(|fields| fields.contains(PATCH));
    let deleted: Vec<&Value> = change.iter().filter(directive).map(|item| item.get(key)).collect();
    let stays = |item: &&Value| !deleted.contains(&item.get(key));
    let mut order: Vec<Value> = live.iter().filter(stays).cloned().collect();
    let room = live.len() - order.len();
    let known = Ranks::of(live, Some(key));
    let is_new = |item: &&Value| !directive(item) && known.rank(item, Some(key)).is_none();
    order.extend(lists::keys_only(&change.iter().filter(is_new).take(room).cloned().collect::<Vec<_>>(), key)?);
    Ok(order)
}

pub(super) fn check_keys(items: &[Value], key: &str) -> Result<(), PatchError> {
    items.iter().try_for_each(|item| merge_key_of(item, key).map(drop))
}

/// What the patch changes must stand in its order list, in the same order.
fn check_order(change: &[Value], order: &[Value], key: Option<&str>) -> Result<(), PatchError> {
    if order.is_empty() || change.is_empty() {
        return Ok(());
    }
    let mut ordered = order.iter();
    for item in change {
        let directive = if key.is_some() { as_map(item)?.get(PATCH) } else { None };
        if directive.and_then(Value::as_str) == Some("delete") {
            continue;
        }
        // Upstream notices other directives only while there is order left to compare with.
        if directive.is_some() && ordered.len() > 0 {
            continue;
        }
        loop {
            let next = ordered.next().ok_or_else(|| out_of_order(change, order))?;
            if same_item(item, next, key)? {
                break;
            }
        }
    }
    Ok(())
}

fn same_item(a: &Value, b: &Value, key: Option<&str>) -> Result<bool, PatchError> {
    match key {
        None => Ok(a == b),
        Some(key) => Ok(merge_key_of(a, key)? == merge_key_of(b, key)?),
    }
}

fn out_of_order(change: &[Value], order: &[Value]) -> PatchError {
    PatchError::Unmergeable(format!(
        "The order in patch list:\n{}\n doesn't match {SET_ORDER} list:\n{}\n",
        go_list_text(change),
        go_list_text(order)
    ))
}
