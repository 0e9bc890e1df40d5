//! CustomResourceDefinition: a kind that users add.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row =
    Row::new("apiextensions.k8s.io", "CustomResourceDefinition", || Arc::new(CustomResourceDefinition));

struct CustomResourceDefinition;

impl Rules for CustomResourceDefinition {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }
}
