//! JSON merge patch (RFC 7386).

use meta::{Map, Value};

pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_map() else {
        *target = patch.clone();
        return;
    };
    if target.as_map().is_none() {
        *target = Value::Map(Map::default());
    }
    for (name, field) in fields.iter() {
        if field.is_null() {
            target.as_map_mut().and_then(|map| map.remove(name));
        } else {
            merge(target.entry(name), field);
        }
    }
}
