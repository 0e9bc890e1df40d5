//! ServiceAccount: the identity of pods.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ServiceAccount", || Arc::new(ServiceAccount));

struct ServiceAccount;

impl Rules for ServiceAccount {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), cells::age(object, now)]
    }
}
