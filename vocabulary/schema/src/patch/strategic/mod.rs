//! Strategic merge patch: a sparse object whose lists merge as the schema says, with directives for what a sparse object
//! cannot say (delete this item, keep only these fields, in this order).

mod directive;
mod lists;
mod lookup;
mod order;

use super::PatchError;
use super::text::{go_string, go_text, go_type};
use crate::Schema;
use lookup::Place;
use meta::{Map, Value};

pub(super) fn decode(body: Value) -> Result<Map, PatchError> {
    match body {
        Value::Map(fields) => Ok(fields),
        Value::Null => Ok(Map::default()),
        other => Err(PatchError::Malformed(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            other.type_name()
        ))),
    }
}

pub(super) fn apply(schema: &Schema, object: Value, patch: Map) -> Result<Value, PatchError> {
    let Value::Map(object) = object else { return Err(wrong_type("map[string]interface {}", &object)) };
    merge_map(object, patch, Place::root(schema)).map(Value::Map)
}

fn merge_map(mut original: Map, mut patch: Map, place: Place<'_>) -> Result<Map, PatchError> {
    if let Some(directive) = patch.remove(directive::PATCH) {
        return directive::whole_map(&directive, patch);
    }
    directive::retain_keys(&mut original, &mut patch)?;
    order::merge_ordered_lists(&mut original, &mut patch, place)?;
    for (name, value) in patch {
        merge_field(&mut original, &name, value, place)?;
    }
    Ok(original)
}

fn merge_field(original: &mut Map, name: &str, value: Value, place: Place<'_>) -> Result<(), PatchError> {
    let (name, deleting) = match directive::deletion_of(name)? {
        Some(list) => (list, true),
        None => (name, false),
    };
    if value.is_null() {
        original.remove(name);
        return Ok(());
    }
    match original.get_mut(name) {
        Some(live) if same_type(live, &value) => {
            let live_value = std::mem::take(live);
            match merge_value(live_value, value, name, deleting, place)? {
                Some(merged) => *live = merged,
                None => drop(original.remove(name)),
            }
        }
        _ if deleting => {}
        _ => match directive::stripped(without_nulls(value)) {
            Some(value) => drop(original.insert(name, value)),
            None => drop(original.remove(name)),
        },
    }
    Ok(())
}

fn merge_value(
    live: Value,
    patch: Value,
    name: &str,
    deleting: bool,
    place: Place<'_>,
) -> Result<Option<Value>, PatchError> {
    match (live, patch) {
        (Value::Map(live), Value::Map(patch)) => {
            let field = place.map_field(name)?;
            if field.replaced {
                return Ok(Some(Value::Map(patch)));
            }
            merge_map(live, patch, field).map(|map| Some(Value::Map(map)))
        }
        (Value::List(live), Value::List(patch)) => {
            let list = place.list_field(name)?;
            if !deleting && list.merge.is_none() {
                return Ok(Some(Value::List(patch)));
            }
            lists::merge(live, patch, &list, deleting).map(|items| Some(Value::List(items)))
        }
        (_, patch) => Ok(directive::stripped(patch)),
    }
}

/// Two values of one type as Go decodes them.
fn same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Fields that are null within a new value say nothing.
fn without_nulls(mut value: Value) -> Value {
    match &mut value {
        Value::Map(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.iter_mut().for_each(|(_, field)| *field = without_nulls(std::mem::take(field)));
        }
        Value::List(items) => items.iter_mut().for_each(|item| *item = without_nulls(std::mem::take(item))),
        _ => {}
    }
    value
}

fn wrong_type(expected: &str, actual: &Value) -> PatchError {
    PatchError::Unmergeable(format!("expected a {expected}, but received a {}", go_type(actual)))
}

fn as_map(value: &Value) -> Result<&Map, PatchError> {
    value.as_map().ok_or_else(|| wrong_type("map[string]interface {}", value))
}

fn as_list(value: &Value) -> Result<&[Value], PatchError> {
    value.as_list().ok_or_else(|| wrong_type("[]interface {}", value))
}

/// The value under which an item of a merged list is known.
fn merge_key_of<'v>(item: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    as_map(item)?.get(key).ok_or_else(|| no_merge_key(item, key))
}

fn no_merge_key(item: &Value, key: &str) -> PatchError {
    PatchError::Unmergeable(format!("map: {} does not contain declared merge key: {key}", go_text(item)))
}

fn unknown_directive(directive: &Value, map: Map) -> PatchError {
    let map = directive::with_directive(map, directive.clone());
    PatchError::Unmergeable(format!("unknown patch type: {} in map: {}", go_string(directive), go_text(&map)))
}

#[cfg(test)]
mod tests;
