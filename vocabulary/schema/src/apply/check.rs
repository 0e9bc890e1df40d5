//! Whether a configuration fits its type, in the words of upstream's merge library.

use super::atom::{Atom, ListAtom, MapAtom, Scalar, Type};
use super::element;
use crate::patch::go_text;
use meta::{Map, Value};
use std::collections::HashSet;

/// One text of all that does not fit.
pub(super) fn check(kind: Type<'_>, value: &Value) -> Result<(), String> {
    let mut errors = Vec::new();
    check_value(kind, value, "", &mut errors);
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n{}", many.iter().map(|e| format!("  {e}")).collect::<Vec<_>>().join("\n"))),
    }
}

fn report(path: &str, message: impl AsRef<str>, errors: &mut Vec<String>) {
    let message = message.as_ref();
    errors.push(if path.is_empty() { message.to_string() } else { format!("{path}: {message}") });
}

fn check_value(kind: Type<'_>, value: &Value, path: &str, errors: &mut Vec<String>) {
    match (kind.atom(Some(value)), value) {
        (_, Value::Null) => {}
        (Atom::Scalar(scalar), value) => {
            if let Some(message) = scalar_error(scalar, value) {
                report(path, message, errors);
            }
        }
        (Atom::Map(map), Value::Map(fields)) => check_fields(&map, fields, path, errors),
        (Atom::List(list), Value::List(items)) => check_items(&list, items, path, errors),
        (Atom::Map(_), value) => report(path, format!("expected map, got &{{{}}}", go_text(value)), errors),
        (Atom::List(_), value) => report(path, format!("expected list, got &{{{}}}", go_text(value)), errors),
    }
}

fn check_fields(map: &MapAtom<'_>, fields: &Map, path: &str, errors: &mut Vec<String>) {
    for (name, value) in fields.iter() {
        let path = format!("{path}.{name}");
        let Some(kind) = map.type_of(name) else {
            return report(&path, "field not declared in schema", errors);
        };
        check_value(kind, value, &path, errors);
    }
}

fn check_items(list: &ListAtom<'_>, items: &[Value], path: &str, errors: &mut Vec<String>) {
    let mut seen = HashSet::new();
    for (i, item) in items.iter().enumerate() {
        if list.is_atomic() {
            check_value(list.item, item, &format!("{path}[{i}]"), errors);
            continue;
        }
        let step = match element::item(list, item) {
            Ok(step) => step,
            Err(why) => return report(path, format!("element {i}: {why}"), errors),
        };
        let shown = element::display(&step);
        if !seen.insert(step) {
            report(path, format!("duplicate entries for key {shown}"), errors);
        }
        check_value(list.item, item, &format!("{path}{shown}"), errors);
    }
}

fn scalar_error(scalar: Scalar, value: &Value) -> Option<String> {
    let go_value = || go_text(value);
    match (scalar, value) {
        (Scalar::Number, Value::Int(_) | Value::Float(_)) => None,
        (Scalar::String, Value::Str(_)) => None,
        (Scalar::Bool, Value::Bool(_)) => None,
        (Scalar::Any, Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bool(_)) => None,
        (Scalar::Number, _) => Some(format!("expected numeric (int or float), got {}", go_type(value))),
        (Scalar::String, _) => {
            Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", go_syntax(value)))
        }
        (Scalar::Bool, _) => Some(format!("expected boolean, got &{{{}}}", go_value())),
        (Scalar::Any, _) => Some(format!("expected any scalar, got &{{{}}}", go_value())),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// `%#v`
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::Str(text) => format!("{text:?}"),
        Value::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Map(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name:?}:{}", go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
        scalar => go_text(scalar),
    }
}
