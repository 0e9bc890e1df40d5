//! Requests for devices, in claims and in templates of claims.

use meta::Value;

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
