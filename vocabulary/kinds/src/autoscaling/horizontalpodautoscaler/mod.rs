//! HorizontalPodAutoscaler: scales by what is measured.

use crate::cells;
use crate::{Context, Row, Rules, check, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

mod metrics;
mod older;
mod scaling_defaults;

pub const ROW: Row = Row::new("autoscaling", "HorizontalPodAutoscaler", || Arc::new(HorizontalPodAutoscaler));

struct HorizontalPodAutoscaler;

impl Rules for HorizontalPodAutoscaler {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let target = format!("{}/{}", object.str("spec.scaleTargetRef.kind"), object.str("spec.scaleTargetRef.name"));
        let least = object.at("spec.minReplicas").as_int().map_or("<unset>".to_string(), |least| least.to_string());
        vec![
            cells::name(object),
            target.into(),
            metrics::cell(object),
            least.into(),
            object.int("spec.maxReplicas").into(),
            object.int("status.currentReplicas").into(),
            cells::age(object, now),
        ]
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        scaling_defaults::fill(object);
    }

    fn convert(&self, object: Value, _from: &str, to: &str) -> Result<Value, String> {
        Ok(match to.rsplit('/').next() {
            Some("v1") => older::from_v2(object),
            _ => older::to_v2(object),
        })
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let (least, most) = (spec.at("minReplicas"), spec.at("maxReplicas"));
        if context.subresource.is_empty() && most.int() < 1 {
            check::invalid(&most, "must be greater than 0", out);
        }
        if !least.is_null() && least.int() < 1 {
            check::invalid(&least, "must be greater than or equal to 1", out);
        }
        if most.int() < least.int() {
            check::invalid(&most, "must be greater than or equal to `minReplicas`", out);
        }
    }
}
