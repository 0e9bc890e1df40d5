//! PriorityClass: a number by name.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("scheduling.k8s.io", "PriorityClass", || Arc::new(PriorityClass));

struct PriorityClass;

impl Rules for PriorityClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![
            cells::name(object),
            object.int("value").into(),
            object.bool("globalDefault").into(),
            cells::age(object, now),
            object.str("preemptionPolicy").into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        let _a_priority_class_counts_no_changes = (new, old);
        false
    }
}
