//! Requests for devices, in claims and in templates of claims.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value};

/// How many of each a claim may hold.
const REQUESTS_MOST: usize = 32;
const CHOICES_MOST: usize = 8;
const CONSTRAINTS_MOST: usize = 32;
const CONFIGS_MOST: usize = 32;

/// An exact count that nobody states is one.
pub fn default(object: &mut Value, path: &str) {
    each_request(object, path, |request| {
        if request.str("allocationMode") == "ExactCount" && request.int("count") == 0 {
            request.set("count", 1i64);
        }
    });
}

/// Fields of features that are off: upstream takes them and keeps nothing.
pub fn drop_disabled(object: &mut Value, path: &str) {
    each_request(object, path, |request| {
        ["tolerations", "capacity"].iter().for_each(|field| _ = request.remove(field));
    });
}

fn each_request(object: &mut Value, path: &str, change: impl Fn(&mut Value)) {
    let requests = object.at_mut(path).and_then(Value::as_list_mut);
    for request in requests.into_iter().flatten() {
        request.at_mut("exactly").filter(|exactly| !exactly.is_null()).into_iter().for_each(&change);
        let choices = request.at_mut("firstAvailable").and_then(Value::as_list_mut);
        choices.into_iter().flatten().for_each(&change);
    }
}

/// The rules of `spec.devices`.
pub fn check(devices: &Cursor<'_>, out: &mut ErrorList) {
    let (requests, constraints, configs) = (devices.at("requests"), devices.at("constraints"), devices.at("config"));
    if !check::too_many(&requests, REQUESTS_MOST, out) {
        requests.items().for_each(|request| check_request(&request, out));
        distinct(&requests, out);
    }
    if !check::too_many(&constraints, CONSTRAINTS_MOST, out) {
        constraints.items().for_each(|constraint| check_constraint(&constraint, &requests, out));
    }
    if !check::too_many(&configs, CONFIGS_MOST, out) {
        configs.items().for_each(|config| references(&config.at("requests"), &requests, out));
    }
}

/// One request, or a choice of several.
fn check_request(request: &Cursor<'_>, out: &mut ErrorList) {
    const ONE: &str = "exactly one of `exactly` or `firstAvailable` is required";
    let (exactly, choices) = (request.at("exactly"), request.at("firstAvailable"));
    match (exactly.is_null(), choices.value.is_empty()) {
        (true, true) => out.push(FieldError::required(&request.path, ONE)),
        (false, false) => {
            let why = format!("{ONE}, but multiple fields are set");
            out.push(FieldError::invalid(&request.path, Value::Null, why));
        }
        (false, true) => judge_one(&exactly, out),
        (true, false) if check::too_many(&choices, CHOICES_MOST, out) => {}
        (true, false) => {
            choices.items().for_each(|choice| judge_one(&choice, out));
            distinct(&choices, out);
        }
    }
}

/// What is the same of the only request and of one to choose from.
fn judge_one(request: &Cursor<'_>, out: &mut ErrorList) {
    super::selectors(&request.at("selectors"), out);
    let count = request.at("count");
    match request.at("allocationMode").str() {
        "All" if count.int() != 0 => {
            check::invalid(&count, "must not be specified when allocationMode is 'All'", out);
        }
        "ExactCount" if count.int() <= 0 => check::invalid(&count, "must be greater than zero", out),
        _ => {}
    }
}

/// Of two of one name, the later one is named.
pub fn distinct(list: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = Vec::new();
    for item in list.items() {
        let name = item.value.as_str().unwrap_or_else(|| item.value.str("name"));
        if seen.contains(&name) {
            out.push(FieldError::duplicate(&item.path, name));
        }
        seen.push(name);
    }
}

fn check_constraint(constraint: &Cursor<'_>, requests: &Cursor<'_>, out: &mut ErrorList) {
    references(&constraint.at("requests"), requests, out);
    let attribute = constraint.at("matchAttribute");
    if attribute.is_null() {
        return out.push(FieldError::required(&attribute.path, ""));
    }
    super::qualified_name(&attribute, attribute.str(), out);
    if !attribute.str().contains('/') {
        check::invalid(&attribute, "a fully qualified name must be a domain and a name separated by a slash", out);
    }
}

/// Names of requests, or `request/choice`.
fn references(names: &Cursor<'_>, requests: &Cursor<'_>, out: &mut ErrorList) {
    if check::too_many(names, REQUESTS_MOST, out) {
        return;
    }
    for name in names.items() {
        let segments: Vec<&str> = name.str().split('/').collect();
        if segments.len() <= 2 {
            let complaints = segments.iter().flat_map(|segment| meta::names::dns_label(segment));
            out.extend(complaints.map(|complaint| FieldError::invalid(&name.path, name.str(), complaint)));
        }
        if !is_known(&segments, requests) {
            let why =
                "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
            check::invalid(&name, why, out);
        }
    }
    distinct(names, out);
}

fn is_known(segments: &[&str], requests: &Cursor<'_>) -> bool {
    let named = |item: &Cursor<'_>, name: &str| item.value.str("name") == name;
    match segments {
        [request] => requests.items().any(|item| named(&item, request)),
        [request, choice] => {
            let request = requests.items().find(|item| named(item, request));
            request.is_some_and(|request| request.at("firstAvailable").items().any(|item| named(&item, choice)))
        }
        _ => false,
    }
}
