//! PriorityClass: a number by name.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("scheduling.k8s.io", "PriorityClass", || Arc::new(PriorityClass));

struct PriorityClass;

impl Rules for PriorityClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![
            cells::name(object),
            object.int("value").into(),
            object.bool("globalDefault").into(),
            cells::age(object, now),
            object.str("preemptionPolicy").into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        let _a_priority_class_counts_no_changes = (new, old);
        false
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        let (name, value) = (at.at("metadata.name"), at.at("value"));
        if old.is_none() && name.str().starts_with("system-") && !SYSTEM.contains(&(name.str(), value.int())) {
            let why = "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class";
            check::forbidden(&at.at("metadata.name").path, &why.replace("{name}", name.str()), out);
        } else if value.int() > USER_MOST && !name.str().starts_with("system-") {
            let why = format!("maximum allowed value of a user defined priority is {USER_MOST}");
            check::forbidden(&value.path, &why, out);
        }
        let Some(old) = old else { return };
        if value.value != old.get("value") {
            check::forbidden(&value.path, "may not be changed in an update.", out);
        }
        check::immutable(&at.at("preemptionPolicy"), &Cursor::root(old).at("preemptionPolicy"), out);
    }
}

const USER_MOST: i64 = 1_000_000_000;
const SYSTEM: [(&str, i64); 2] = [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
