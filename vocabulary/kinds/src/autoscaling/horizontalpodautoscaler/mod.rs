//! HorizontalPodAutoscaler: scales by what is measured.

use crate::cells;
use crate::{Context, Row, Rules, check, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

mod behavior_rules;
mod metric_rules;
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

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        replicas(&spec, old.is_some_and(may_be_zero), out);
        let reference = spec.at("scaleTargetRef");
        let same =
            |field: &str| old.is_some_and(|old| old.at("spec.scaleTargetRef").str(field) == reference.value.str(field));
        if !(same("apiVersion") && same("kind")) {
            let old_kind = reference.at("kind").str() == "ReplicationController";
            reference_version(&reference, old_kind, out);
        }
        metric_rules::check(&spec.at("metrics"), out);
        behavior_rules::check(&spec.at("behavior"), out);
    }
}

/// What was stored when scaling to zero was allowed may stay.
fn may_be_zero(old: &Value) -> bool {
    old.at("spec.minReplicas").as_int() == Some(0)
}

fn replicas(spec: &Cursor<'_>, zero_allowed: bool, out: &mut ErrorList) {
    let (least, most) = (spec.at("minReplicas"), spec.at("maxReplicas"));
    let bound = if zero_allowed { 0 } else { 1 };
    if !least.is_null() && least.int() < bound {
        check::invalid(&least, format!("must be greater than or equal to {bound}"), out);
    }
    let shown = |why: &str| FieldError::invalid(&most.path, most.int(), why);
    if most.int() < 1 {
        out.push(shown("must be greater than 0"));
    }
    if !least.is_null() && most.int() < least.int() {
        out.push(shown("must be greater than or equal to `minReplicas`"));
    }
}

/// A reference names a group, but for kinds of the core one.
fn reference_version(reference: &Cursor<'_>, core_allowed: bool, out: &mut ErrorList) {
    let version = reference.at("apiVersion");
    let complaint = match version.str().matches('/').count() {
        0 | 1 if core_allowed || version.str().find('/').is_some_and(|at| at > 0) => return,
        0 | 1 => "apiVersion must specify API group".to_string(),
        _ => format!("unexpected GroupVersion string: {}", version.str()),
    };
    out.push(FieldError::invalid(&version.path, version.str(), complaint));
}
