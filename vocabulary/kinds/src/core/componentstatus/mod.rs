//! ComponentStatus: the health of control plane parts, asked for at each reading.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ComponentStatus", || Arc::new(ComponentStatus));

struct ComponentStatus;

impl Rules for ComponentStatus {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        let healthy = object.items("conditions").iter().find(|condition| condition.str("type") == "Healthy");
        let (status, message, error) = match healthy {
            Some(found) if found.str("status") == "True" => ("Healthy", found.str("message"), found.str("error")),
            Some(found) => ("Unhealthy", found.str("message"), found.str("error")),
            None => ("Unknown", "", ""),
        };
        vec![cells::name(object), status.into(), message.into(), error.into()]
    }
}
