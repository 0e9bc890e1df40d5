//! What an event must satisfy. Objects stand here in the core group's form, and messages name most fields as it does.

use crate::{check, go_form, schema_of};
use meta::{Cursor, ErrorList, FieldError, Path, Value, names};

const WORDS_MOST: usize = 128;
const NOTE_MOST: usize = 1024;

/// What both groups ask for; they name the reporting controller differently.
pub(crate) fn common(event: &Value, controller: &str, out: &mut ErrorList) {
    let at = Cursor::root(event);
    match at.at("eventTime").is_null() {
        true => namespace(&at, event.str("metadata.namespace"), out),
        false => told_in_full(&at, controller, out),
    }
    let own = event.str("metadata.namespace");
    let complaints = names::dns_subdomain(own).into_iter();
    out.extend(complaints.map(|complaint| FieldError::invalid(&Path::new("namespace"), own, complaint)));
}

fn namespace(event: &Cursor<'_>, own: &str, out: &mut ErrorList) {
    let about = event.at("involvedObject.namespace");
    let expected = if about.str().is_empty() { "default" } else { about.str() };
    if expected != own {
        out.push(FieldError::invalid(&about.path, about.str(), MISMATCH));
    }
}

const MISMATCH: &str = "does not match event.namespace";

/// An event with a time of its own says who reports what.
fn told_in_full(event: &Cursor<'_>, controller: &str, out: &mut ErrorList) {
    let about = event.at("involvedObject.namespace");
    let own = event.at("metadata.namespace");
    if about.str().is_empty() && !["default", "kube-system"].contains(&own.str()) {
        out.push(FieldError::invalid(&about.path, "", MISMATCH));
    }
    let reporting = Cursor::new(event.value.get("reportingComponent"), Path::new(controller));
    check::required(&reporting, "", out);
    let complaints = names::qualified_name(reporting.str()).into_iter();
    out.extend(complaints.map(|complaint| FieldError::invalid(&reporting.path, reporting.str(), complaint)));
    for field in ["reportingInstance", "action", "reason"] {
        check::required(&event.at(field), "", out);
        at_most(&event.at(field), WORDS_MOST, out);
    }
    at_most(&event.at("message"), NOTE_MOST, out);
}

fn at_most(at: &Cursor<'_>, most: usize, out: &mut ErrorList) {
    if at.str().len() > most {
        out.push(FieldError::invalid(&at.path, "", format!("can have at most {most} characters")));
    }
}

/// The newer form leaves the older fields to the past.
pub fn created(event: &Value, out: &mut ErrorList) {
    let at = Cursor::root(event);
    series(&at, out);
    check::required(&at.at("eventTime"), "", out);
    let kind = event.str("type");
    if !["Normal", "Warning"].contains(&kind) {
        out.push(FieldError::invalid(&at.at("type").path, "", format!("has invalid value: {kind}")));
    }
    let unset = |field: &str| FieldError::invalid(&at.at(field).path, "", "needs to be unset");
    let older = ["firstTimestamp", "lastTimestamp", "count"];
    out.extend(older.iter().filter(|field| !event.get(field).is_empty()).map(|field| unset(field)));
    if check::any_present(event.get("source"), &["component", "host"]) {
        out.push(unset("source"));
    }
}

/// A field, and how messages name it. Upstream looks at the reason twice.
const KEPT: &[(&str, &str)] = &[
    ("involvedObject", "involvedObject"),
    ("reason", "reason"),
    ("message", "message"),
    ("source", "source"),
    ("firstTimestamp", "firstTimestamp"),
    ("lastTimestamp", "lastTimestamp"),
    ("count", "count"),
    ("reason", "reason"),
    ("type", "type"),
    ("eventTime", "eventTime"),
    ("action", "action"),
    ("related", "related"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// An event changes in its series alone.
pub fn updated(new: &Value, old: &Value, out: &mut ErrorList) {
    if new.get("series") != old.get("series") {
        series(&Cursor::root(new), out);
    }
    let Some(schema) = schema_of("core.v1.Event") else { return };
    for (field, shown) in KEPT {
        let (value, before) = (new.get(field), old.get(field));
        let same = value == before || (value.is_empty() && before.is_empty());
        if let (false, Some(part)) = (same, schema.descend(field)) {
            let at = Cursor::new(value, Path::new(shown));
            out.push(go_form::invalid(&part.types, part.root, &at, check::IMMUTABLE));
        }
    }
}

fn series(event: &Cursor<'_>, out: &mut ErrorList) {
    let series = event.at("series");
    if series.is_null() {
        return;
    }
    if series.at("count").int() < 2 {
        out.push(FieldError::invalid(&series.at("count").path, "", "should be at least 2"));
    }
    check::required(&series.at("lastObservedTime"), "", out);
}
