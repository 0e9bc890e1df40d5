//! ReplicaSet: keeps a number of pods.

use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, metadata, workload};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "ReplicaSet", || Arc::new(ReplicaSet));

struct ReplicaSet;

impl Rules for ReplicaSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let number = |path: &str| Value::from(object.int(path));
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        vec![
            cells::name(object),
            number("spec.replicas"),
            number("status.replicas"),
            number("status.readyReplicas"),
            cells::age(object, now),
            names,
            images,
            cells::selector(object.at("spec.selector")),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        if let Some(spec) = object.at_mut("spec.template.spec") {
            defaults::of_spec(spec);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("spec.template"), new, old)
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if context.subresource == "status" {
            return workload::counters(
                &Cursor::root(new).at("status"),
                &["readyReplicas", "availableReplicas", "fullyLabeledReplicas"],
                out,
            );
        }
        workload::judge(&Cursor::root(new).at("spec"), "deployment", out);
    }
}
