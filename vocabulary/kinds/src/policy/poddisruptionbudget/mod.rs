//! PodDisruptionBudget: how many pods may be missing at once.

use crate::cells;
use crate::{Context, Row, Rules, check, metadata, workload};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
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

    /// Upstream asks for no more when one is made.
    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
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

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let (least, most) = (spec.at("minAvailable"), spec.at("maxUnavailable"));
        if !least.is_null() && !most.is_null() {
            check::invalid(&spec, "minAvailable and maxUnavailable cannot be both set", out);
        }
        for share in [least, most] {
            workload::int_or_percent(&share, out);
            workload::not_more_than_all(&share, out);
        }
    }
}
