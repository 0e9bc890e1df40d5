//! Pod: containers that live and die together.

mod pod_cells;

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::{CompactString, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Pod", || Arc::new(Pod));

/// How long a pod may take to end when nobody says otherwise.
const GRACE_SECONDS: i64 = 30;

struct Pod;

impl Rules for Pod {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let summary = pod_cells::summary(object, now);
        let address = object.items("status.podIPs").first().map_or("", |address| address.str("ip"));
        vec![
            cells::name(object),
            summary.ready.into(),
            summary.reason.into(),
            summary.restarts.into(),
            cells::age(object, now),
            if address.is_empty() { "<none>".into() } else { address.into() },
            cells::text_or(object, "spec.nodeName", "<none>"),
            cells::text_or(object, "status.nominatedNodeName", "<none>"),
            pod_cells::readiness_gates(object).into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ]
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        match field {
            "spec.hostNetwork" => if object.bool(field) { "true" } else { "false" }.into(),
            "status.podIP" => object.items("status.podIPs").first().map_or("", |address| address.str("ip")).into(),
            _ => object.str(field).into(),
        }
    }

    /// None for a pod that runs nowhere: it ends at once, as one that has ended does.
    fn grace_seconds(&self, object: &Value, asked: Option<i64>) -> Option<i64> {
        let ended = ["Succeeded", "Failed"].contains(&object.str("status.phase"));
        if object.str("spec.nodeName").is_empty() || ended {
            return Some(0);
        }
        let own = object.at("spec.terminationGracePeriodSeconds").as_int();
        let seconds = asked.or(own).unwrap_or(GRACE_SECONDS);
        // A negative period of the pod's own asks for the shortest one.
        Some(if seconds < 0 { 1 } else { seconds })
    }
}
