//! LimitRange: bounds and defaults of resources in a namespace.

use crate::cells;
use crate::pods::validate::resources;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Quantity, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "LimitRange", || Arc::new(LimitRange));

struct LimitRange;

impl Rules for LimitRange {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    /// One without a name is named at random.
    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        if object.str("metadata.name").is_empty() {
            let uid = object.at("metadata.uid").clone();
            object.set("metadata.name", uid);
        }
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        let items = object.at_mut("spec.limits").and_then(Value::as_list_mut);
        items.into_iter().flatten().filter(|item| item.str("type") == "Container").for_each(default_item);
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let mut kinds = BTreeSet::new();
        for item in Cursor::root(new).at("spec.limits").items() {
            let kind = item.at("type");
            limit_type(&kind, out);
            resource_names(&item, out);
            if !kinds.insert(kind.str().to_string()) {
                out.push(FieldError::duplicate(&kind.path, kind.str()));
            }
            bounds(&item, out);
        }
    }
}

/// A container's default limit is the most it may have; its default request that limit, else the least.
fn default_item(item: &mut Value) {
    for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
        let Some(source) = item.get(from).as_map().cloned() else { continue };
        for (resource, quantity) in source {
            let slot = item.entry(to).entry(&resource);
            if slot.is_null() {
                *slot = quantity;
            }
        }
    }
}

fn limit_type(at: &Cursor<'_>, out: &mut ErrorList) {
    let complaints = meta::names::qualified_name(at.str());
    if !complaints.is_empty() {
        out.extend(complaints.into_iter().map(|why| FieldError::invalid(&at.path, at.str(), why)));
    } else if !at.str().contains('/') && !["Pod", "Container", "PersistentVolumeClaim"].contains(&at.str()) {
        check::invalid(at, "must be a standard limit type or fully qualified", out);
    }
}

fn resource_names(item: &Cursor<'_>, out: &mut ErrorList) {
    let (kind, mut lists) = (item.at("type").str(), vec!["max", "min", "maxLimitRequestRatio"]);
    if kind != "Pod" {
        lists.extend(["default", "defaultRequest"]);
    }
    for (name, quantity) in lists.iter().flat_map(|list| item.at(list).entries().collect::<Vec<_>>()) {
        match kind {
            "Pod" | "Container" => resources::container_name(name, &quantity.path, out),
            _ => resources::standard_name(name, &quantity.path, out),
        }
    }
}

/// From the least to the most, each in its order.
fn bounds(item: &Cursor<'_>, out: &mut ErrorList) {
    if item.at("type").str() == "Pod" {
        for field in ["default", "defaultRequest"] {
            if !item.at(field).value.is_empty() {
                check::forbidden(&item.at(field).path, "may not be specified when `type` is 'Pod'", out);
            }
        }
    }
    for (low, high, words) in [
        ("min", "max", ["min", "max", "min"]),
        ("min", "default", ["min", "default", "default"]),
        ("min", "defaultRequest", ["min", "default request", "defaultRequest"]),
        ("defaultRequest", "max", ["default request", "max", "defaultRequest"]),
        ("defaultRequest", "default", ["default request", "default limit", "defaultRequest"]),
        ("default", "max", ["default", "max", "default"]),
    ] {
        for (resource, least) in item.at(low).entries() {
            let most = item.at(high).key(resource);
            let parsed = |text: &str| Quantity::parse(text).ok();
            let (Some(least_parsed), Some(most_parsed)) = (parsed(least.str()), parsed(most.str())) else { continue };
            if least_parsed > most_parsed {
                let why =
                    format!("{} value {} is greater than {} value {}", words[0], least.str(), words[1], most.str());
                // Of a default it is the default's own place, yet the bound that is shown.
                let (path, shown) = (item.at(words[2]).key(resource).path, shown_bound(words, &least, &most));
                out.push(FieldError::invalid(&path, shown, why));
            }
        }
    }
}

/// The default request is shown itself, a default by the bound that it passes.
fn shown_bound(words: [&str; 3], least: &Cursor<'_>, most: &Cursor<'_>) -> Value {
    match words {
        ["min", "default request", _] | ["default", "max", _] => most.value.clone(),
        _ => least.value.clone(),
    }
}
