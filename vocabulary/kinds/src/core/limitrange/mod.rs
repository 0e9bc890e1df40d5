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
}
