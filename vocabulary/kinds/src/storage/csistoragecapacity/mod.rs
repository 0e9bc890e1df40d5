//! CSIStorageCapacity: how much storage a driver has left.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "CSIStorageCapacity", || Arc::new(CSIStorageCapacity));

struct CSIStorageCapacity;

impl Rules for CSIStorageCapacity {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }
}
