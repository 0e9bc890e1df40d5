//! ConfigMap: configuration by name.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ConfigMap", || Arc::new(ConfigMap));

struct ConfigMap;

impl Rules for ConfigMap {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let count = |field: &str| object.fields(field).count() as i64;
        vec![cells::name(object), (count("data") + count("binaryData")).into(), cells::age(object, now)]
    }
}
