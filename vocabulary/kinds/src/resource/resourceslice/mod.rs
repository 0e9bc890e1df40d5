//! ResourceSlice: devices that a driver offers.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("resource.k8s.io", "ResourceSlice", || Arc::new(ResourceSlice));

struct ResourceSlice;

impl Rules for ResourceSlice {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let text = |path: &str| Value::from(object.str(path));
        vec![
            cells::name(object),
            text("spec.nodeName"),
            text("spec.driver"),
            text("spec.pool.name"),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["spec.nodeName", "spec.driver"]
    }
}
