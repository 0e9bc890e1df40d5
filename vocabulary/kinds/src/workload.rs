//! What workloads have in common: a selector that finds the template's pods, shares and counters.

use crate::pods::validate;
use crate::{check, metadata};
use meta::selector::LabelSelector;
use meta::{Cursor, ErrorList, FieldError, Labels, Value};

/// The selector is not empty and finds the template's labels; the template is sound.
pub fn judge(spec: &Cursor<'_>, word: &str, out: &mut ErrorList) {
    let selector = spec.at("selector");
    let empty = !check::any_present(selector.value, &["matchLabels", "matchExpressions"]);
    if !selector.is_null() && empty {
        check::invalid(&selector, format!("empty selector is invalid for {word}"), out);
    }
    let template = spec.at("template");
    let mut wrong = ErrorList::default();
    metadata::label_selector(&selector, &mut wrong);
    match LabelSelector::from_value(selector.value) {
        Ok(found) if wrong.is_empty() && !found.is_everything() => matches(&found, &template, out),
        Ok(_) if wrong.is_empty() => {}
        _ if word == "daemonset" => {}
        _ => check::invalid(&selector, if word == "statefulset" { "" } else { "invalid label selector" }, out),
    }
    validate::lasting_template(&template, word, out);
}

pub fn matches(selector: &LabelSelector, template: &Cursor<'_>, out: &mut ErrorList) {
    let at = template.at("metadata.labels");
    let labels: Labels = at.entries().map(|(key, value)| (key.into(), value.str().into())).collect();
    if !selector.matches(&labels) {
        check::invalid(&at, "`selector` does not match template `labels`", out);
    }
}

/// A number, or a share in percent.
pub fn int_or_percent(at: &Cursor<'_>, out: &mut ErrorList) {
    match at.value {
        Value::Int(_) => check::nonnegative(at, out),
        Value::Str(text) if percent(text).is_none() => {
            let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
            check::invalid(at, why, out);
        }
        _ => {}
    }
}

pub fn percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%')?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

pub fn not_more_than_all(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.value.as_str().and_then(percent).is_some_and(|share| share > 100) {
        check::invalid(at, "must not be greater than 100%", out);
    }
}

pub fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(number) => *number == 0,
        Value::Str(text) => percent(text).unwrap_or(0) == 0,
        _ => true,
    }
}

/// Counters of a status: none is negative, and no part is more than the whole.
pub fn counters(status: &Cursor<'_>, parts: &[&str], out: &mut ErrorList) {
    for name in parts.iter().chain(&["replicas", "observedGeneration", "terminatingReplicas", "collisionCount"]) {
        check::nonnegative(&status.at(name), out);
    }
    for name in parts.iter().filter(|name| **name != "unavailableReplicas") {
        let part = status.at(name);
        if part.int() > status.at("replicas").int() {
            out.push(FieldError::invalid(&part.path, part.int(), "cannot be greater than status.replicas"));
        }
    }
    let available = status.at("availableReplicas");
    if available.int() > status.at("readyReplicas").int() {
        check::invalid(&available, "cannot be greater than readyReplicas", out);
    }
}

/// A selector of the oldest kind: a plain map that is not empty.
pub fn judge_map_selector(spec: &Cursor<'_>, out: &mut ErrorList) {
    let selector = spec.at("selector");
    let pairs: Vec<(&str, String)> = selector.entries().map(|(key, value)| (key, value.str().to_string())).collect();
    let wanted = LabelSelector::from_equal(pairs.iter().map(|(key, value)| (*key, value.as_str())));
    if pairs.is_empty() {
        out.push(FieldError::required(&selector.path, ""));
    }
    let template = spec.at("template");
    if template.is_null() {
        return;
    }
    if !wanted.is_everything() {
        matches(&wanted, &template, out);
    }
    validate::lasting_template(&template, "ReplicationController", out);
}

/// Refuses a change of what may not change, each with its own words.
pub fn kept(new: &Cursor<'_>, old: &Value, fields: &[&str], out: &mut ErrorList) {
    for field in fields {
        let at = new.at(field);
        if at.value != old.at(field) {
            out.push(FieldError::invalid(&at.path, at.value.clone(), check::IMMUTABLE));
        }
    }
}
