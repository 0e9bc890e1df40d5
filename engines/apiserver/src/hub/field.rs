//! What a field selector sees of an object.

use kinds::Rules;
use meta::{CompactString, Object, Selectable, Value};
use std::borrow::Cow;

pub fn field<'o>(rules: &dyn Rules, object: &'o Object, name: &str) -> Cow<'o, str> {
    match name {
        "metadata.name" => Cow::Borrowed(object.header.name.as_str()),
        "metadata.namespace" => Cow::Borrowed(object.header.namespace.as_str()),
        _ => {
            let all = object.selectable(|value| selectable(rules, value));
            match all.iter().find(|(own, _)| *own == name) {
                Some((_, value)) => Cow::Borrowed(value.as_str()),
                // Kept by another kind over the same objects, under its own names (events).
                None => Cow::Owned(rules.selectable_value(&object.decode_value(), name).to_string()),
            }
        }
    }
}

fn selectable(rules: &dyn Rules, value: &Value) -> Selectable {
    let of = |field: &&'static str| -> (&'static str, CompactString) { (*field, rules.selectable_value(value, field)) };
    rules.selectable().iter().map(of).collect()
}
