//! x-kubernetes-list-type: items of a set are unique, and so are the keys of a map's items.

use crate::trail::Trail;
use crate::{Extra, ListKind, Shape, TypeId, Types};
use meta::{CompactString, ErrorList, FieldError, Map, Problem, Value};
use std::collections::HashMap;

pub(super) fn check(types: &Types, id: TypeId, value: &Value, trail: &Trail<'_>, errors: &mut ErrorList) {
    match (value, &types.node(id).shape) {
        (Value::Map(map), Shape::Struct(fields)) => {
            for (name, value) in map.iter() {
                match (fields.field(name), &fields.extra) {
                    (Some(field), _) => check(types, field.node, value, &Trail::Name(trail, name), errors),
                    (None, Extra::Typed(id)) => check(types, *id, value, &Trail::Name(trail, name), errors),
                    _ => {}
                }
            }
        }
        (Value::Map(map), Shape::Map { value: id, .. }) => {
            for (name, value) in map.iter() {
                let name = format!("[{name}]");
                check(types, *id, value, &Trail::Key(trail, &name), errors);
            }
        }
        (Value::List(items), Shape::List { item, kind, .. }) => {
            check_kind(kind, items, trail, errors);
            for (index, value) in items.iter().enumerate() {
                check(types, *item, value, &Trail::Index(trail, index), errors);
            }
        }
        _ => {}
    }
}

fn check_kind(kind: &ListKind, items: &[Value], trail: &Trail<'_>, errors: &mut ErrorList) {
    match kind {
        ListKind::Atomic => {}
        ListKind::Set => {
            for index in repeated(items.iter().map(Value::to_string)) {
                errors.push(duplicate(trail, index, items[index].clone()));
            }
        }
        ListKind::Map(keys) => check_keys(keys, items, trail, errors),
    }
}

fn check_keys(keys: &[CompactString], items: &[Value], trail: &Trail<'_>, errors: &mut ErrorList) {
    if let Some(index) = items.iter().position(|item| !matches!(item, Value::Null | Value::Map(_))) {
        let field = Trail::Index(trail, index).to_string();
        let detail = "must be an object for an array of list-type map".to_string();
        errors.push(FieldError { problem: Problem::Invalid, field, value: Some(items[index].clone()), detail });
        return;
    }
    let key_of = |item: &Value| -> Value {
        let present = keys.iter().filter_map(|key| Some((key.clone(), item.as_map()?.get(key)?.clone())));
        Value::Map(present.collect::<Map>())
    };
    for index in repeated(items.iter().map(|item| key_of(item).to_string())) {
        errors.push(duplicate(trail, index, key_of(&items[index])));
    }
}

fn duplicate(trail: &Trail<'_>, index: usize, value: Value) -> FieldError {
    let field = Trail::Index(trail, index).to_string();
    FieldError { problem: Problem::Duplicate, field, value: Some(value), detail: String::new() }
}

/// The place of each text that came once before; later ones are not told again.
fn repeated(texts: impl Iterator<Item = String>) -> Vec<usize> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (index, text) in texts.enumerate() {
        let times = seen.entry(text).or_default();
        *times += 1;
        if *times == 2 {
            found.push(index);
        }
    }
    found
}
