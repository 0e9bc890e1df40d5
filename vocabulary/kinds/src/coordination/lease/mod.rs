//! Lease: who holds something, and until when.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("coordination.k8s.io", "Lease", || Arc::new(Lease));

struct Lease;

impl Rules for Lease {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("spec.holderIdentity").into(), cells::age(object, now)]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }
}
