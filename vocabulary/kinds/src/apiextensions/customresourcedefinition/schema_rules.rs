//! What makes a schema structural: every field has a type, and nothing is said of what upstream keeps for itself.

use crate::check;
use meta::{Cursor, ErrorList, FieldError};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
/// Words of JSON schema that a structural schema does without.
const FORBIDDEN: &[&str] = &[
    "definitions",
    "dependencies",
    "deprecated",
    "discriminator",
    "id",
    "patternProperties",
    "readOnly",
    "writeOnly",
    "xml",
    "$ref",
    "uniqueItems",
];

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

pub fn judge(schema: &Cursor<'_>, out: &mut ErrorList) {
    walk(schema, Level::Root, out);
}

fn walk(at: &Cursor<'_>, level: Level, out: &mut ErrorList) {
    kind(at, level, out);
    forbidden(at, out);
    extensions(at, out);
    let items = at.at("items");
    if at.at("type").str() == "array" && items.is_null() {
        out.push(FieldError::required(&items.path, "must be specified"));
    }
    if items.value.as_map().is_some() {
        walk(&items, Level::Item, out);
    }
    at.at("properties").entries().for_each(|(_, property)| walk(&property, Level::Field, out));
    let additional = at.at("additionalProperties");
    if !additional.is_null() && level == Level::Root {
        check::forbidden(&additional.path, "must not be used at the root", out);
    }
    if !additional.is_null() && !at.at("properties").is_null() && additional.value.as_bool() != Some(false) {
        check::forbidden(&additional.path, "additionalProperties and properties are mutual exclusive", out);
    }
    if additional.value.as_map().is_some() {
        walk(&additional, Level::Field, out);
    }
    ["allOf", "anyOf", "oneOf"].iter().for_each(|word| at.at(word).items().for_each(|nested| bare(&nested, out)));
    if let Some(not) = at.at("not").present() {
        bare(&not, out);
    }
}

fn kind(at: &Cursor<'_>, level: Level, out: &mut ErrorList) {
    let kind = at.at("type");
    let untyped = at.at("x-kubernetes-int-or-string").bool() || at.at("x-kubernetes-preserve-unknown-fields").bool();
    match kind.str() {
        "" if !untyped || level == Level::Root => {
            let what = match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            };
            if !untyped {
                out.push(FieldError::required(&kind.path, what));
            }
        }
        "" => {}
        word if !TYPES.contains(&word) => check::one_of(&kind, &TYPES, out),
        word if level == Level::Root && word != "object" => check::invalid(&kind, "must be object at the root", out),
        _ => {}
    }
}

fn forbidden(at: &Cursor<'_>, out: &mut ErrorList) {
    for word in FORBIDDEN.iter().filter(|word| !at.value.get(word).is_empty()) {
        let path = at.path.field(word);
        match *word {
            "uniqueItems" => check::forbidden(
                &path,
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
                out,
            ),
            "$ref" => check::forbidden(&path, "$ref is not supported", out),
            word => check::forbidden(&path, &format!("{word} is not supported"), out),
        }
    }
}

fn extensions(at: &Cursor<'_>, out: &mut ErrorList) {
    let flag = |name: &str| at.at(name).bool();
    if flag("x-kubernetes-int-or-string") {
        for name in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
            if flag(name) {
                check::invalid(&at.at(name), "must be false if x-kubernetes-int-or-string is true", out);
            }
        }
        if !at.at("type").str().is_empty() {
            check::forbidden(&at.at("type").path, "must be empty if x-kubernetes-int-or-string is true", out);
        }
    }
    if flag("x-kubernetes-embedded-resource") && at.at("type").str() != "object" {
        let kind = at.at("type");
        let why = "must be object if x-kubernetes-embedded-resource is true";
        match kind.str() {
            "" => out.push(FieldError::required(&kind.path, why)),
            _ => check::invalid(&kind, why, out),
        }
    }
    let (list, map) = (at.at("x-kubernetes-list-type"), at.at("x-kubernetes-map-type"));
    check::one_of(&list, &["atomic", "map", "set"], out);
    check::one_of(&map, &["atomic", "granular"], out);
    let keys = at.at("x-kubernetes-list-map-keys");
    if list.str() == "map" && keys.items().next().is_none() {
        out.push(FieldError::required(&keys.path, "must not be empty if x-kubernetes-list-type is map"));
    }
}

/// Inside of junctors a schema only narrows values: it introduces nothing.
fn bare(at: &Cursor<'_>, out: &mut ErrorList) {
    for word in ["type", "description", "default", "title", "nullable", "additionalProperties"] {
        let field = at.at(word);
        if !field.value.is_empty() {
            check::forbidden(&field.path, "must be empty to be structural", out);
        }
    }
    at.at("properties").entries().for_each(|(_, property)| bare(&property, out));
    ["allOf", "anyOf", "oneOf"].iter().for_each(|word| at.at(word).items().for_each(|nested| bare(&nested, out)));
}
