//! VolumeAttributesClass: changeable traits of volumes.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "VolumeAttributesClass", || Arc::new(VolumeAttributesClass));

struct VolumeAttributesClass;

impl Rules for VolumeAttributesClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("driverName").into(), cells::age(object, now)]
    }

    fn returns_deleted(&self) -> bool {
        true
    }
}
