//! Event in its newer form: the same objects as the core group's, under other names.

pub(crate) mod event_rules;

use crate::core::event;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{CompactString, ErrorList, Value};
use std::sync::Arc;
use std::time::Duration;

pub const ROW: Row = Row::stored_as("events.k8s.io", "Event", ("", "v1", "Event"), || Arc::new(Event));

const NEWER: &str = "events.k8s.io/v1";

/// The core group's name of a field, and the newer one.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

const SELECTABLE: &[&str] = &[
    "reason",
    "regarding.kind",
    "regarding.namespace",
    "regarding.name",
    "regarding.uid",
    "regarding.apiVersion",
    "regarding.resourceVersion",
    "regarding.fieldPath",
    "reportingController",
    "type",
];

/// The core group's path of a field that a selector names in the newer form.
fn core_field(field: &str) -> String {
    let (first, rest) = field.split_once('.').map_or((field, None), |(first, rest)| (first, Some(rest)));
    let core = NAMES.iter().find(|(_, newer)| *newer == first).map_or(first, |(core, _)| core);
    rest.map_or_else(|| core.to_string(), |rest| format!("{core}.{rest}"))
}

struct Event;

impl Rules for Event {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        event::event_cells(object, now)
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_subdomain(name)
    }

    fn selectable(&self) -> &[&'static str] {
        SELECTABLE
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        event::selectable_value(object, &core_field(field))
    }

    fn convert(&self, mut object: Value, _from: &str, to: &str) -> Result<Value, String> {
        let newer = to == NEWER;
        for (core, other) in NAMES {
            let (from, to) = if newer { (core, other) } else { (other, core) };
            if let Some(value) = object.remove(from) {
                object.set(to, value);
            }
        }
        object.set("apiVersion", to);
        Ok(object)
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        event_rules::common(new, "reportingController", out);
        match old {
            Some(old) => event_rules::updated(new, old, out),
            None => event_rules::created(new, out),
        }
    }

    fn lifetime(&self) -> Option<Duration> {
        Some(event::LIFETIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn goes_to_the_core_form_and_back() {
        let newer = value!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "note": "n",
            "regarding": {"kind": "Pod"}, "reportingController": "c", "deprecatedCount": 2});
        let core = Event.convert(newer.clone(), NEWER, "v1").unwrap();
        assert_eq!(core.str("message"), "n");
        assert_eq!(core.str("involvedObject.kind"), "Pod");
        assert_eq!(core.str("apiVersion"), "v1");
        assert_eq!(Event.convert(core, "v1", NEWER).unwrap(), newer);
    }
}
