//! RuntimeClass: which container runtime runs a pod.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("node.k8s.io", "RuntimeClass", || Arc::new(RuntimeClass));

struct RuntimeClass;

impl Rules for RuntimeClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("handler").into(), cells::age(object, now)]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }
}
