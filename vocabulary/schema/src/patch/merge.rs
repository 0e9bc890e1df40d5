//! JSON merge patch (RFC 7386): fields of the patch replace fields of the object, null removes.

use super::PatchError;
use meta::{Map, Value};

pub(super) const NOT_A_PATCH: &str = "Invalid JSON Patch";

pub(super) fn decode(body: Value, checked: bool) -> Result<Value, PatchError> {
    match body {
        Value::Map(_) => Ok(body),
        Value::List(_) if !checked => Ok(body),
        Value::Null => Err(PatchError::Malformed(NOT_A_PATCH.into())),
        other if checked => Err(PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            other.type_name()
        ))),
        _ => Err(PatchError::Malformed(NOT_A_PATCH.into())),
    }
}

pub(super) fn apply(object: Value, patch: Value) -> Value {
    match (object, patch) {
        (Value::Map(fields), Value::Map(patch)) => Value::Map(merge(fields, patch)),
        // Upstream keeps nulls inside a list that replaces a map, and prunes those inside every other replacement.
        (Value::Map(_), other) => other,
        (_, mut other) => {
            prune_nulls(&mut other);
            other
        }
    }
}

fn merge(mut fields: Map, patch: Map) -> Map {
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(&name);
            continue;
        }
        let slot = fields.entry(&name);
        *slot = apply(std::mem::take(slot), value);
    }
    fields
}

/// A null within a list is an item and stays.
fn prune_nulls(value: &mut Value) {
    match value {
        Value::Map(fields) => fields.retain(|_, field| {
            prune_nulls(field);
            !field.is_null()
        }),
        Value::List(items) => items.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, patch: &str, expect: &str) {
        let parse = |text: &str| meta::parse(text.as_bytes()).unwrap();
        assert_eq!(apply(parse(object), parse(patch)), parse(expect), "{object} + {patch}");
    }

    #[test]
    fn fields_replace_and_nulls_remove() {
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#);
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
        check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#);
        check(r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
    }

    #[test]
    fn nulls_within_new_lists_are_items() {
        check("{}", r#"{"a":[null,{"b":null,"c":1}]}"#, r#"{"a":[null,{"c":1}]}"#);
        check(r#"{"a":{"x":1}}"#, r#"{"a":[{"b":null}]}"#, r#"{"a":[{"b":null}]}"#);
    }

    #[test]
    fn what_is_no_map_is_no_patch() {
        let message =
            |text: &str, checked| decode(meta::parse(text.as_bytes()).unwrap(), checked).unwrap_err().to_string();
        assert_eq!(message("null", true), "Invalid JSON Patch");
        assert_eq!(message("1", false), "Invalid JSON Patch");
        assert_eq!(
            message("[]", true),
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
    }
}
