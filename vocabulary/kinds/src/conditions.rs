//! Conditions that a server writes of its own accord.

use jiff::Timestamp;
use meta::{Time, Value, value};

/// Sets a condition; its time moves only with its status.
pub fn set(object: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    let mut conditions = object.items("status.conditions").to_vec();
    let known = conditions.iter().position(|condition| condition.str("type") == kind);
    let since = known.map(|at| &conditions[at]).filter(|known| known.str("status") == status);
    let since = since.map_or_else(|| Time(now).to_string(), |known| known.str("lastTransitionTime").to_string());
    let new =
        value!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since});
    match known {
        Some(at) => conditions[at] = new,
        None => conditions.push(new),
    }
    object.set("status.conditions", Value::List(conditions));
}
