//! StatefulSet: replicas with an identity each.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "StatefulSet", || Arc::new(StatefulSet));

struct StatefulSet;

impl Rules for StatefulSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        let ready = format!("{}/{}", object.int("status.readyReplicas"), object.int("spec.replicas"));
        vec![cells::name(object), ready.into(), cells::age(object, now), names, images]
    }

    fn has_generation(&self) -> bool {
        true
    }
}
