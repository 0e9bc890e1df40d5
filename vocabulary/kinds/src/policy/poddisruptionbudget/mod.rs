//! PodDisruptionBudget: how many pods may be missing at once.

use crate::cells;
use crate::{Row, Rules, metadata};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("policy", "PodDisruptionBudget", || Arc::new(PodDisruptionBudget));

struct PodDisruptionBudget;

impl Rules for PodDisruptionBudget {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let amount = |path: &str| match object.at(path) {
            Value::Int(number) => Value::from(number.to_string()),
            Value::Str(text) => text.clone().into(),
            _ => "N/A".into(),
        };
        vec![
            cells::name(object),
            amount("spec.minAvailable"),
            amount("spec.maxUnavailable"),
            object.int("status.disruptionsAllowed").into(),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }
}
