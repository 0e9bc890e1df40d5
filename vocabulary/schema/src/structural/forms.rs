//! The form of a schema: what is not supported, what excludes each other, and the extensions' own rules.

use super::field_path::resolve;
use super::words::{
    EMBEDDED, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES, is_true, joined, kind, list, properties, schema_at, text,
};
use meta::{ErrorList, FieldError, Path, Value};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const OBJECT_FIELDS: [&str; 3] = ["metadata", "kind", "apiVersion"];

/// What may stand at the root beside a status subresource: the JSON name and the one that upstream's message has.
const AT_ROOT: &[(&str, &str)] = &[
    ("description", "Description"),
    ("type", "Type"),
    ("format", "Format"),
    ("title", "Title"),
    ("maximum", "Maximum"),
    ("exclusiveMaximum", "ExclusiveMaximum"),
    ("minimum", "Minimum"),
    ("exclusiveMinimum", "ExclusiveMinimum"),
    ("maxLength", "MaxLength"),
    ("minLength", "MinLength"),
    ("pattern", "Pattern"),
    ("maxItems", "MaxItems"),
    ("minItems", "MinItems"),
    ("uniqueItems", "UniqueItems"),
    ("multipleOf", "MultipleOf"),
    ("required", "Required"),
    ("items", "Items"),
    ("properties", "Properties"),
    ("externalDocs", "ExternalDocs"),
    ("example", "Example"),
    (PRESERVE, "XPreserveUnknownFields"),
    (RULES, "XValidations"),
];

pub(super) fn check_root(schema: &Value, path: &Path, has_status: bool, errors: &mut ErrorList) {
    if has_status {
        check_beside_status(schema, path, errors);
    }
    if is_true(schema, "nullable") {
        errors.push(FieldError::forbidden(&path.field("nullable"), "nullable cannot be true at the root"));
    }
}

fn check_beside_status(schema: &Value, path: &Path, errors: &mut ErrorList) {
    let kind = kind(schema);
    if !kind.is_empty() && kind != "object" {
        let detail =
            r#"only "object" is allowed as the type at the root of the schema if the status subresource is enabled"#;
        errors.push(FieldError::invalid(&path.field("type"), kind, detail));
        return;
    }
    let names = schema.as_map().into_iter().flat_map(|map| map.keys());
    if names.into_iter().any(|name| !AT_ROOT.iter().any(|(allowed, _)| name == allowed)) {
        let allowed: Vec<&str> = AT_ROOT.iter().map(|(_, go)| *go).collect();
        let detail = format!(
            "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
            allowed.join(" ")
        );
        errors.push(FieldError::invalid(path, schema.clone(), detail));
    }
}

/// What holds for a schema because of where it stands.
#[derive(Clone, Copy, Default)]
struct Place {
    is_root: bool,
    no_default: Option<&'static str>,
    in_object_fields: bool,
}

pub(super) fn check(schema: &Value, path: &Path, errors: &mut ErrorList) {
    check_schema(schema, path, Place { is_root: true, ..Place::default() }, errors);
}

fn check_schema(schema: &Value, path: &Path, place: Place, errors: &mut ErrorList) {
    check_support(schema, path, place, errors);
    if is_true(schema, "uniqueItems") {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(&path.field("uniqueItems"), detail));
    }
    check_below(schema, path, place, errors);
    if schema.get(PRESERVE).as_bool() == Some(false) {
        errors.push(FieldError::invalid(&path.field(PRESERVE), false, "must be true or undefined"));
    }
    check_map_type(schema, path, errors);
    check_list_type(schema, path, errors);
    check_list_keys(schema, path, errors);
    check_key_presence(schema, path, errors);
    for (index, rule) in list(schema, RULES).iter().enumerate() {
        check_rule(rule, schema, &path.field(RULES).index(index), errors);
    }
}

fn check_support(schema: &Value, path: &Path, place: Place, errors: &mut ErrorList) {
    let kind = kind(schema);
    if !kind.is_empty() && !TYPES.contains(&kind) {
        errors.push(FieldError::not_supported(&path.field("type"), kind, TYPES));
    }
    let mut forbid = |name: &str, detail: &str| errors.push(FieldError::forbidden(&path.field(name), detail));
    if let (false, Some(why)) = (schema.get("default").is_null(), place.no_default) {
        forbid("default", &format!("must not be set {why}"));
    }
    for name in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        if !schema.get(name).is_null() {
            forbid(name, &format!("{name} is not supported"));
        }
    }
    if kind == "null" {
        forbid("type", "type cannot be set to null, use nullable as an alternative");
    }
    if !list(schema, "items").is_empty() {
        forbid("items", "items must be a schema object and not an array");
    }
    if place.in_object_fields && is_true(schema, EMBEDDED) {
        forbid(EMBEDDED, "must not be used inside of resource meta");
    }
}

fn check_below(schema: &Value, path: &Path, place: Place, errors: &mut ErrorList) {
    let below = Place { is_root: false, ..place };
    let additional = schema.get("additionalProperties");
    let excludes = additional.as_map().is_some() || additional.as_bool() == Some(false);
    if excludes && !schema.get("properties").is_empty() {
        let detail = "additionalProperties and properties are mutual exclusive";
        errors.push(FieldError::forbidden(&path.field("additionalProperties"), detail));
    }
    if let Some(additional) = schema_at(schema, "additionalProperties") {
        let why = place.in_object_fields.then_some("inside additionalProperties applying to object metadata");
        let below = Place { no_default: why.or(place.no_default), ..below };
        check_schema(additional, &path.field("additionalProperties"), below, errors);
    }
    for (name, property, path) in properties(schema, path) {
        check_schema(property, &path, beneath(schema, name, place), errors);
    }
    if let Some(not) = schema_at(schema, "not") {
        check_schema(not, &path.field("not"), below, errors);
    }
    for junctor in ["allOf", "oneOf", "anyOf"] {
        for (member, path) in joined(schema, junctor, path) {
            check_schema(member, &path, below, errors);
        }
    }
    if let Some(items) = schema_at(schema, "items") {
        check_schema(items, &path.field("items"), below, errors);
    }
}

fn beneath(schema: &Value, name: &str, place: Place) -> Place {
    let is_object_field = (place.is_root || is_true(schema, EMBEDDED)) && OBJECT_FIELDS.contains(&name);
    let why = match name {
        "metadata" => "in top-level metadata",
        "kind" => "in top-level kind",
        _ => "in top-level apiVersion",
    };
    Place {
        is_root: false,
        no_default: (place.is_root && is_object_field).then_some(why).or(place.no_default),
        in_object_fields: place.in_object_fields || is_object_field,
    }
}

/// An extension that speaks of one type alone.
fn check_of_type(schema: &Value, wanted: &str, extension: &str, path: &Path, errors: &mut ErrorList) -> bool {
    let detail = format!("must be {wanted} if {extension} is specified");
    match kind(schema) {
        kind if kind == wanted => return true,
        "" => errors.push(FieldError::required(&path.field("type"), detail)),
        other => errors.push(FieldError::invalid(&path.field("type"), other, detail)),
    }
    false
}

fn check_map_type(schema: &Value, path: &Path, errors: &mut ErrorList) {
    let Some(given) = schema.get(MAP_TYPE).as_str() else { return };
    check_of_type(schema, "object", MAP_TYPE, path, errors);
    if !["atomic", "granular"].contains(&given) {
        errors.push(FieldError::not_supported(&path.field(MAP_TYPE), given, ["atomic", "granular"]));
    }
}

fn check_list_type(schema: &Value, path: &Path, errors: &mut ErrorList) {
    let Some(given) = schema.get(LIST_TYPE).as_str() else { return };
    if check_of_type(schema, "array", LIST_TYPE, path, errors) && given == "set" {
        check_set_item(schema.get("items"), &path.field("items"), errors);
    }
    if !["atomic", "set", "map"].contains(&given) {
        errors.push(FieldError::not_supported(&path.field(LIST_TYPE), given, ["atomic", "set", "map"]));
    }
}

fn check_set_item(item: &Value, path: &Path, errors: &mut ErrorList) {
    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    let list_type = item.get(LIST_TYPE);
    match kind(item) {
        "array" if !list_type.is_null() && list_type.as_str() != Some("atomic") => {
            errors.push(FieldError::invalid(&path.field(LIST_TYPE), list_type.clone(), detail));
        }
        "object" if text(item, MAP_TYPE) != "atomic" => {
            errors.push(FieldError::invalid(&path.field(MAP_TYPE), list_type.clone(), detail));
        }
        _ => {}
    }
}

fn check_list_keys(schema: &Value, path: &Path, errors: &mut ErrorList) {
    let keys = list(schema, LIST_KEYS);
    let list_type = schema.get(LIST_TYPE).as_str();
    if !keys.is_empty() && list_type != Some("map") {
        let (at, detail) = (path.field(LIST_TYPE), "must be map if x-kubernetes-list-map-keys is non-empty");
        errors.push(match list_type {
            None => FieldError::required(&at, detail),
            Some(other) => FieldError::invalid(&at, other, detail),
        });
    }
    if list_type != Some("map") {
        return;
    }
    if keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        errors.push(FieldError::required(&path.field(LIST_KEYS), detail));
    }
    let (items, at) = (schema.get("items"), path.field("items"));
    match (items, kind(items)) {
        (Value::Null, _) => {
            errors.push(FieldError::required(&at, "must have a schema if x-kubernetes-list-type is map"));
        }
        (_, "object") => check_keys(schema, keys, path, errors),
        (_, other) => {
            let detail = "must be object if parent array's x-kubernetes-list-type is map";
            errors.push(FieldError::invalid(&at.field("type"), other, detail));
        }
    }
}

fn check_keys(schema: &Value, keys: &[Value], path: &Path, errors: &mut ErrorList) {
    let (items, all) = (schema.get("items"), schema.get(LIST_KEYS));
    for (index, key) in keys.iter().enumerate() {
        let name = key.as_str().unwrap_or("");
        match schema_at(items.get("properties"), name) {
            Some(property) if matches!(kind(property), "array" | "object") => {
                let at = path.field("items").field("properties").key(name).field("type");
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.push(FieldError::invalid(&at, kind(items), detail));
            }
            Some(_) => {}
            None => {
                let detail = "entries must all be names of item properties";
                errors.push(FieldError::invalid(&path.field(LIST_KEYS), all.clone(), detail));
            }
        }
        if keys[..index].contains(key) {
            let detail = "must not contain duplicate entries";
            errors.push(FieldError::invalid(&path.field(LIST_KEYS), all.clone(), detail));
        }
    }
}

/// A key must always be there and never be null.
fn check_key_presence(schema: &Value, path: &Path, errors: &mut ErrorList) {
    let list_type = text(schema, LIST_TYPE);
    let Some(items) = schema_at(schema, "items").filter(|_| matches!(list_type, "set" | "map")) else { return };
    let at = path.field("items");
    if is_true(items, "nullable") {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        errors.push(FieldError::forbidden(&at.field("nullable"), detail));
    }
    if list_type == "set" {
        return;
    }
    for key in list(schema, LIST_KEYS) {
        let name = key.as_str().unwrap_or("");
        let Some(property) = schema_at(items.get("properties"), name) else { continue };
        let at = at.field("properties").key(name);
        if !list(items, "required").contains(key) && property.get("default").is_null() {
            let detail =
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.push(FieldError::required(&at.field("default"), detail));
        }
        if is_true(property, "nullable") {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(FieldError::forbidden(&at.field("nullable"), detail));
        }
    }
}

fn check_rule(rule: &Value, schema: &Value, path: &Path, errors: &mut ErrorList) {
    let (expression, message) = (text(rule, "rule").trim(), text(rule, "message"));
    let broken = |text: &str| text.contains(['\n', '\r']);
    let at = path.field("message");
    if expression.is_empty() {
        errors.push(FieldError::required(&path.field("rule"), "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        errors.push(FieldError::invalid(&at, message, "must be non-empty if specified"));
    } else if broken(message.trim()) {
        errors.push(FieldError::invalid(&at, message, "must not contain line breaks"));
    } else if broken(expression) && message.is_empty() {
        errors.push(FieldError::required(&at, "message must be specified if rule contains line breaks"));
    }
    let spoken = text(rule, "messageExpression");
    if !spoken.is_empty() && spoken.trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        errors.push(FieldError::required(&path.field("messageExpression"), detail));
    }
    if let Some(reason) = rule.get("reason").as_str().filter(|reason| !REASONS.contains(reason)) {
        errors.push(FieldError::not_supported(&path.field("reason"), reason, REASONS));
    }
    let given = text(rule, "fieldPath");
    if !given.is_empty() {
        check_field_path(given, schema, &path.field("fieldPath"), errors);
    }
}

fn check_field_path(given: &str, schema: &Value, path: &Path, errors: &mut ErrorList) {
    if given.trim().is_empty() {
        errors.push(FieldError::invalid(path, given, "must be non-empty if specified"));
    }
    if given.contains(['\n', '\r']) {
        errors.push(FieldError::invalid(path, given, "must not contain line breaks"));
    }
    if resolve(given, schema, true).is_err() {
        errors.push(FieldError::invalid(path, given, "must be a valid path"));
    }
}
