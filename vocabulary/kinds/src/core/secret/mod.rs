//! Secret: small sensitive data.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Secret", || Arc::new(Secret));

struct Secret;

impl Rules for Secret {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let count = object.fields("data").count() as i64;
        vec![cells::name(object), object.str("type").into(), count.into(), cells::age(object, now)]
    }

    fn selectable(&self) -> &[&'static str] {
        &["type"]
    }
}
