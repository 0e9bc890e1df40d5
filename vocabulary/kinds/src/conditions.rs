//! Conditions that a server writes of its own accord.

use jiff::Timestamp;
use meta::{Time, Value, value};

pub fn set(object: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    let mut conditions = object.items("status.conditions").to_vec();
    let known = conditions.iter().position(|condition| condition.str("type") == kind);
    let before = known.map_or(&Value::Null, |at| &conditions[at]);
    let new = after(before, kind, status, reason, message, &Time(now).to_string());
    match known {
        Some(at) => conditions[at] = new,
        None => conditions.push(new),
    }
    object.set("status.conditions", Value::List(conditions));
}

/// A condition after what was known of it: its time moves only with its status.
pub fn after(before: &Value, kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Value {
    let since = if before.str("status") == status { before.str("lastTransitionTime") } else { now };
    value!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since})
}
