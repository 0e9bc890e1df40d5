//! ReplicationController: keeps a number of pods.

use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, metadata, workload};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ReplicationController", || Arc::new(ReplicationController));

struct ReplicationController;

impl Rules for ReplicationController {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let replicas = |path: &str| Value::from(object.int(path));
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        vec![
            cells::name(object),
            replicas("spec.replicas"),
            replicas("status.replicas"),
            replicas("status.readyReplicas"),
            cells::age(object, now),
            names,
            images,
            cells::labels(object.at("spec.selector")),
        ]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        crate::formats::declared_subdomain(name)
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["status.replicas"]
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn orphans_by_default(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        let labels = object.at("spec.template.metadata.labels").clone();
        for path in ["spec.selector", "metadata.labels"] {
            if !labels.is_empty() && object.at(path).is_empty() {
                object.set(path, labels.clone());
            }
        }
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
        workload::judge_map_selector(&Cursor::root(new).at("spec"), out);
    }
}
