//! CSINode: which volume drivers a node has.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "CSINode", || Arc::new(CSINode));

struct CSINode;

impl Rules for CSINode {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let drivers = object.items("spec.drivers").len() as i64;
        vec![cells::name(object), drivers.into(), cells::age(object, now)]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }
}
