//! FlowSchema: which requests go to which priority level.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("flowcontrol.apiserver.k8s.io", "FlowSchema", || Arc::new(FlowSchema));

struct FlowSchema;

impl Rules for FlowSchema {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let dangling = object.items("status.conditions").iter().find(|condition| condition.str("type") == "Dangling");
        vec![
            cells::name(object),
            object.str("spec.priorityLevelConfiguration.name").into(),
            object.int("spec.matchingPrecedence").into(),
            cells::text_or(object, "spec.distinguisherMethod.type", "<none>"),
            cells::age(object, now),
            dangling.map_or("?", |condition| condition.str("status")).into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }
}
