//! ReplicationController: keeps a number of pods.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
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

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["status.replicas"]
    }
}
