//! PriorityLevelConfiguration: how many requests of a level run at once.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row =
    Row::new("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", || Arc::new(PriorityLevelConfiguration));

struct PriorityLevelConfiguration;

impl Rules for PriorityLevelConfiguration {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let limited = object.at("spec.limited");
        let number = |path: &str| limited.at(path).as_int().map_or_else(|| Value::from("<none>"), Value::Int);
        vec![
            cells::name(object),
            object.str("spec.type").into(),
            number("nominalConcurrencyShares"),
            number("limitResponse.queuing.queues"),
            number("limitResponse.queuing.handSize"),
            number("limitResponse.queuing.queueLengthLimit"),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }
}
