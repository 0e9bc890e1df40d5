//! Binding: says on which node a pod runs; answered, never stored.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Binding", || Arc::new(Binding));

struct Binding;

impl Rules for Binding {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object)]
    }
}
