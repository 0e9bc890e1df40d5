//! Event: what happened to an object. Stored in this form for both groups that serve it.

use crate::cells;
use crate::events::event::event_rules;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{CompactString, ErrorList, Value};
use std::sync::Arc;
use std::time::Duration;

pub const ROW: Row = Row::new("", "Event", || Arc::new(Event));

struct Event;

impl Rules for Event {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        event_cells(object, now)
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }

    fn selectable(&self) -> &[&'static str] {
        SELECTABLE
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        selectable_value(object, field)
    }

    fn lifetime(&self) -> Option<Duration> {
        Some(LIFETIME)
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        event_rules::common(new, "reportingComponent", out);
    }
}

pub(crate) const SELECTABLE: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

pub(crate) fn selectable_value(event: &Value, field: &str) -> CompactString {
    match field {
        "source" => first_of([event.str("source.component"), event.str("reportingComponent")]).into(),
        _ => event.str(field).into(),
    }
}

fn first_of(words: [&str; 2]) -> &str {
    if words[0].is_empty() { words[1] } else { words[0] }
}

pub(crate) fn event_cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let present = |path: &str, otherwise: &dyn Fn() -> String| match event.at(path) {
        Value::Null => otherwise(),
        moment => cells::since(moment, now),
    };
    let first = present("firstTimestamp", &|| cells::since(event.at("eventTime"), now));
    let last = match event.at("series") {
        Value::Null => present("lastTimestamp", &|| first.clone()),
        series => cells::since(series.get("lastObservedTime"), now),
    };
    let text = |path: &str| Value::from(event.str(path));
    vec![
        last.into(),
        text("type"),
        text("reason"),
        target(event).into(),
        text("involvedObject.fieldPath"),
        source(event).into(),
        event.str("message").trim().into(),
        first.into(),
        count(event).into(),
        cells::name(event),
    ]
}

/// `pod/web-0`
fn target(event: &Value) -> String {
    let kind = event.str("involvedObject.kind").to_lowercase();
    match event.str("involvedObject.name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(event: &Value) -> String {
    let component = first_of([event.str("source.component"), event.str("reportingComponent")]);
    match first_of([event.str("source.host"), event.str("reportingInstance")]) {
        "" => component.into(),
        instance => format!("{component}, {instance}"),
    }
}

/// An event of the newer form counts itself only in a series.
fn count(event: &Value) -> i64 {
    match (event.at("series"), event.int("count")) {
        (Value::Null, 0) => 1,
        (Value::Null, count) => count,
        (series, _) => series.int("count"),
    }
}

/// As long as upstream keeps them unless told otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);
