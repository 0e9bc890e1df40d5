//! LimitRange: bounds and defaults of resources in a namespace.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "LimitRange", || Arc::new(LimitRange));

struct LimitRange;

impl Rules for LimitRange {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        let items = object.at_mut("spec.limits").and_then(Value::as_list_mut);
        items.into_iter().flatten().filter(|item| item.str("type") == "Container").for_each(default_item);
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
