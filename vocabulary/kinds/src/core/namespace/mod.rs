//! Namespace: a scope for names.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Namespace", || Arc::new(Namespace));

struct Namespace;

impl Rules for Namespace {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("status.phase").into(), cells::age(object, now)]
    }

    fn selectable(&self) -> &[&'static str] {
        &["status.phase"]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_label(name)
    }
}
