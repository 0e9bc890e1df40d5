//! Requests for devices, in claims and in templates of claims.

use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::BTreeSet;

/// An exact count that nobody states is one.
pub fn default(object: &mut Value, path: &str) {
    let requests = object.at_mut(path).and_then(Value::as_list_mut);
    for request in requests.into_iter().flatten() {
        if let Some(exactly) = request.at_mut("exactly") {
            count(exactly);
        }
        let choices = request.at_mut("firstAvailable").and_then(Value::as_list_mut);
        choices.into_iter().flatten().for_each(count);
    }
}

fn count(request: &mut Value) {
    if request.str("allocationMode") == "ExactCount" && request.int("count") == 0 {
        request.set("count", 1i64);
    }
}

/// Fields of features that are off: upstream takes them and keeps nothing.
pub fn drop_disabled(object: &mut Value, path: &str) {
    let requests = object.at_mut(path).and_then(Value::as_list_mut);
    for request in requests.into_iter().flatten() {
        if let Some(exactly) = request.at_mut("exactly") {
            drop_fields(exactly);
        }
        let choices = request.at_mut("firstAvailable").and_then(Value::as_list_mut);
        choices.into_iter().flatten().for_each(drop_fields);
    }
}

fn drop_fields(request: &mut Value) {
    ["tolerations", "capacity"].iter().for_each(|field| _ = request.remove(field));
}

/// Each is one request, or a choice of several, under a name of its own.
pub fn check(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut names = BTreeSet::new();
    for request in at.items() {
        let name = request.at("name").str();
        if !name.is_empty() && !names.insert(name.to_string()) {
            out.push(FieldError::duplicate(&request.path, name));
        }
        let why = "exactly one of `exactly` or `firstAvailable` is required";
        match (request.at("exactly").is_null(), request.at("firstAvailable").items().next().is_none()) {
            (true, true) => out.push(FieldError::required(&request.path, why)),
            (false, false) => out.push(FieldError::invalid(&request.path, request.value.clone(), why)),
            _ => {}
        }
    }
}
