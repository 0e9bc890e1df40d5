//! DaemonSet: one pod on every node that fits.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "DaemonSet", || Arc::new(DaemonSet));

struct DaemonSet;

impl Rules for DaemonSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let number = |path: &str| Value::from(object.int(path));
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        vec![
            cells::name(object),
            number("status.desiredNumberScheduled"),
            number("status.currentNumberScheduled"),
            number("status.numberReady"),
            number("status.updatedNumberScheduled"),
            number("status.numberAvailable"),
            cells::labels(object.at("spec.template.spec.nodeSelector")),
            cells::age(object, now),
            names,
            images,
            cells::selector(object.at("spec.selector")),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }
}
