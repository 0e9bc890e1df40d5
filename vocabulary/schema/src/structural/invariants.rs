//! The invariants of a structural schema: every value has one type that is stated outside of logic.

use super::words::{
    EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES, is_true, joined, kind, list, properties,
    schema_at, text,
};
use crate::pattern;
use meta::{ErrorList, FieldError, Path, Value, value};

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

pub(super) fn check(schema: &Value, path: &Path) -> ErrorList {
    let mut errors = ErrorList::default();
    check_schema(schema, Level::Root, path, &mut errors);
    errors
}

fn check_schema(schema: &Value, level: Level, path: &Path, errors: &mut ErrorList) {
    if kind(schema) == "array" && schema.get("items").is_null() {
        errors.push(FieldError::required(&path.field("items"), "must be specified"));
    }
    if let Some(items) = schema_at(schema, "items") {
        check_schema(items, Level::Item, &path.field("items"), errors);
    }
    for (_, property, path) in properties(schema, path) {
        check_schema(property, Level::Field, &path, errors);
    }
    check_additional(schema, level, path, errors);
    check_extensions(schema, path, errors);
    let pattern = int_or_string(schema);
    check_validation(schema, pattern == Some("anyOf"), pattern == Some("allOf"), path, errors);
    check_type(schema, level, path, errors);
    check_object_fields(schema, level, path, errors);
    if is_true(schema, EMBEDDED) && !is_true(schema, PRESERVE) && schema.get("properties").is_empty() {
        let detail =
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(&path.field("properties"), detail));
    }
}

fn check_additional(schema: &Value, level: Level, path: &Path, errors: &mut ErrorList) {
    let additional = schema.get("additionalProperties");
    if additional.is_null() {
        return;
    }
    let path = path.field("additionalProperties");
    if level == Level::Root {
        errors.push(FieldError::forbidden(&path, "must not be used at the root"));
    }
    if additional.as_map().is_some() {
        check_schema(additional, Level::Field, &path, errors);
    }
    if is_true(schema, EMBEDDED) {
        errors.push(FieldError::forbidden(&path, "must not be used if x-kubernetes-embedded-resource is set"));
    }
}

fn check_extensions(schema: &Value, path: &Path, errors: &mut ErrorList) {
    if !is_true(schema, INT_OR_STRING) {
        return;
    }
    for name in [PRESERVE, EMBEDDED] {
        if is_true(schema, name) {
            let detail = "must be false if x-kubernetes-int-or-string is true";
            errors.push(FieldError::invalid(&path.field(name), true, detail));
        }
    }
}

/// Under which junctor `type: integer` and `type: string` stand as the two alternatives.
fn int_or_string(schema: &Value) -> Option<&'static str> {
    let pair = value!([{"type": "integer"}, {"type": "string"}]);
    let first = list(schema, "allOf").first();
    match schema.get("anyOf") == &pair {
        true => Some("anyOf"),
        false => first.filter(|first| first.get("anyOf") == &pair).map(|_| "allOf"),
    }
}

fn check_type(schema: &Value, level: Level, path: &Path, errors: &mut ErrorList) {
    let at = path.field("type");
    let kind = kind(schema);
    if is_true(schema, EMBEDDED) && kind != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(match kind {
            "" => FieldError::required(&at, detail),
            other => FieldError::invalid(&at, other, detail),
        });
    } else if kind.is_empty() && !is_true(schema, INT_OR_STRING) && !is_true(schema, PRESERVE) {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(&at, detail));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errors.push(FieldError::invalid(&at, kind, "must be object at the root"));
    }
}

/// What every object has may be described, yet not changed.
fn check_object_fields(schema: &Value, level: Level, path: &Path, errors: &mut ErrorList) {
    let is_object = level == Level::Root || is_true(schema, EMBEDDED);
    for (name, property, path) in properties(schema, path) {
        match name {
            "kind" | "apiVersion" if is_object && kind(property) != "string" => {
                errors.push(FieldError::invalid(&path.field("type"), kind(property), "must be string"));
            }
            "metadata" => {
                if is_object && kind(property) != "object" {
                    errors.push(FieldError::invalid(&path.field("type"), kind(property), "must be object"));
                }
                if level == Level::Root && !restricts_names_alone(property) {
                    let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
                    errors.push(FieldError::forbidden(&path, detail));
                }
            }
            _ => {}
        }
    }
}

fn restricts_names_alone(metadata: &Value) -> bool {
    metadata.as_map().is_some_and(|fields| {
        fields.iter().all(|(name, value)| match name.as_str() {
            "type" | "default" => true,
            "properties" => names_only(value),
            _ => value.is_empty(),
        })
    })
}

fn names_only(properties: &Value) -> bool {
    properties.as_map().is_some_and(|map| map.keys().all(|name| name == "name" || name == "generateName"))
}

fn check_validation(schema: &Value, skip_any: bool, skip_first_all: bool, path: &Path, errors: &mut ErrorList) {
    if !skip_any {
        for (nested, path) in joined(schema, "anyOf", path) {
            check_nested(nested, false, &path, errors);
        }
    }
    for (index, (nested, path)) in joined(schema, "allOf", path).into_iter().enumerate() {
        check_nested(nested, skip_first_all && index == 0, &path, errors);
    }
    for (nested, path) in joined(schema, "oneOf", path) {
        check_nested(nested, false, &path, errors);
    }
    if let Some(not) = schema_at(schema, "not") {
        check_nested(not, false, &path.field("not"), errors);
    }
    if let Err(error) = pattern::compile(text(schema, "pattern")) {
        let detail = format!("must be a valid regular expression, but isn't: {error}");
        errors.push(FieldError::invalid(&path.field("pattern"), text(schema, "pattern"), detail));
    }
}

/// What may not be said under a junctor, with upstream's words for it.
const FORBIDDEN: &[(&str, &str)] = &[
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    (LIST_KEYS, "must be empty to be structural"),
    (LIST_TYPE, "must be undefined to be structural"),
    (MAP_TYPE, "must be undefined to be structural"),
    (RULES, "must be empty to be structural"),
];

fn check_nested(schema: &Value, skip_any: bool, path: &Path, errors: &mut ErrorList) {
    check_validation(schema, skip_any, false, path, errors);
    if let Some(items) = schema_at(schema, "items") {
        check_nested(items, false, &path.field("items"), errors);
    }
    for (_, property, path) in properties(schema, path) {
        check_nested(property, false, &path, errors);
    }
    for (name, detail) in FORBIDDEN {
        let value = schema.get(name);
        let said = if *name == "default" || value.as_map().is_some() { !value.is_null() } else { !value.is_empty() };
        if said {
            errors.push(FieldError::forbidden(&path.field(name), *detail));
        }
    }
    if !schema.get("properties").get("metadata").is_null() {
        let path = path.field("properties").key("metadata");
        errors.push(FieldError::forbidden(&path, "must not be specified in a nested context"));
    }
}
