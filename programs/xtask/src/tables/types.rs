//! The types: OpenAPI v3 says shape, lists, keys and patches; Go's tags say pointers, omission and protobuf's numbers.

use super::beyond::{BEYOND_OPENAPI, resolve, schema_from_go};
use super::names;
use crate::Failure;
use crate::go_source::{self, GoField, GoPackage};
use crate::upstream::Upstream;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

pub struct Sources {
    schemas: BTreeMap<String, Value>,
    packages: BTreeMap<String, GoPackage>,
}

/// A field of JSON with what Go says about it and the embedded struct that holds it.
struct Tagged {
    go: GoField,
    within: Option<String>,
}

/// A struct that Go embeds in another.
struct Embedded {
    name: String,
    number: u32,
    within: Option<String>,
}

/// A Go struct as JSON sees it: embedded structs are opened.
#[derive(Default)]
struct Opened {
    fields: BTreeMap<String, Tagged>,
    embedded: Vec<Embedded>,
}

pub fn read(upstream: &Upstream) -> Result<Sources, Failure> {
    let mut schemas = BTreeMap::new();
    let index = upstream.get("/openapi/v3")?;
    for document in index["paths"].as_object().into_iter().flat_map(Map::values) {
        let address = document["serverRelativeURL"].as_str().unwrap_or_default();
        let answer = upstream.get(address)?;
        let types = answer["components"]["schemas"].as_object().cloned().unwrap_or_default();
        schemas.extend(types);
    }
    let mut packages = BTreeMap::new();
    let names: Vec<&str> = schemas.keys().map(|name| names::split(name).0).collect();
    for name in names {
        if !packages.contains_key(name) {
            packages.insert(name.to_string(), go_source::package(name)?);
        }
    }
    for (package, missing) in BEYOND_OPENAPI {
        for name in *missing {
            let schema = schema_from_go(&packages, package, name)?;
            schemas.insert(format!("{package}.{name}"), schema);
        }
    }
    Ok(Sources { schemas, packages })
}

/// One file a package: its name and its text.
pub fn write(sources: &Sources) -> Result<Vec<(String, String)>, Failure> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (full, schema) in &sources.schemas {
        let (package, name) = names::split(full);
        let text = files.entry(package).or_insert_with(|| format!("package {} = {package}\n", names::short(package)));
        write_type(text, sources, package, name, schema)?;
    }
    Ok(files.into_iter().map(|(package, text)| (format!("{}.txt", names::short(package)), text)).collect())
}

fn write_type(text: &mut String, sources: &Sources, package: &str, name: &str, schema: &Value) -> Result<(), Failure> {
    let Some(properties) = schema["properties"].as_object() else {
        writeln!(text, "\ntype {name} = {}", opaque(name, schema)).expect("writing to a string");
        return Ok(());
    };
    let atomic = if schema["x-kubernetes-map-type"] == "atomic" { " atomic" } else { "" };
    let unions: String = schema["x-kubernetes-unions"].as_array().into_iter().flatten().map(union).collect();
    writeln!(text, "\ntype {name}{atomic}{unions}").expect("writing to a string");
    let mut opened = Opened::default();
    open(sources, package, name, None, &mut opened);
    for Embedded { name, number, within } in &opened.embedded {
        let within = within.as_deref().unwrap_or_default();
        writeln!(text, "{}", format!("  embeds {name} {number} {within}").trim_end()).expect("writing to a string");
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (field, property) in properties {
        let tags = opened
            .fields
            .get(field)
            .ok_or_else(|| Failure::Unexpected(format!("{package}.{name}.{field}: not found in Go")))?;
        let line = field_line(sources, field, property, tags, required.contains(&field.as_str()), package);
        writeln!(text, "  {line}").expect("writing to a string");
    }
    Ok(())
}

/// ` union=type:localhostProfile=LocalhostProfile`: the discriminator, then the fields with its values for them.
fn union(union: &Value) -> String {
    let fields = union["fields-to-discriminateBy"].as_object().into_iter().flatten();
    let fields: Vec<String> =
        fields.map(|(field, value)| format!("{field}={}", value.as_str().unwrap_or_default())).collect();
    format!(" union={}:{}", union["discriminator"].as_str().unwrap_or_default(), fields.join(","))
}

/// Types without fields of their own.
fn opaque(name: &str, schema: &Value) -> &'static str {
    match name {
        "Quantity" => "quantity",
        "IntOrString" => "int-or-string",
        "Time" => "time",
        "MicroTime" => "micro-time",
        "Duration" => "duration",
        "JSONSchemaPropsOrBool" => "schema-or bool",
        "JSONSchemaPropsOrArray" => "schema-or list",
        "JSONSchemaPropsOrStringArray" => "schema-or strings",
        "CustomResourceSubresourceStatus" => "no fields",
        _ if schema["type"] == "object" => "any object",
        _ => "any",
    }
}

fn open(sources: &Sources, package: &str, name: &str, within: Option<&str>, out: &mut Opened) {
    let Some(fields) = sources.packages.get(package).and_then(|p| p.structs.get(name)) else { return };
    for go in fields {
        if go.inline {
            let (embedded_package, embedded) = resolve(package, &go.go_type);
            let within = within.map(String::from);
            out.embedded.push(Embedded { name: embedded.clone(), number: go.number, within });
            open(sources, &embedded_package, &embedded, Some(&embedded), out);
        } else {
            // What stands in a struct that protobuf leaves out is left out with it.
            let carried = within.is_none_or(|name| out.embedded.iter().any(|e| e.name == name && e.number != 0));
            let number = if carried { go.number } else { 0 };
            let go = GoField { number, ..go.clone() };
            out.fields.insert(go.json.clone(), Tagged { go, within: within.map(String::from) });
        }
    }
}

fn field_line(sources: &Sources, name: &str, property: &Value, tags: &Tagged, required: bool, home: &str) -> String {
    let pointer = tags.go.go_type.starts_with('*');
    let star = if pointer { "*" } else { "" };
    let mut line = format!(
        "{name:<24} {:<32} {:<6}",
        format!("{star}{}", shape(sources, property, &tags.go.go_type, home)),
        number(tags)
    );
    // A struct by value is written whether or not it is empty: `omitempty` means nothing for it.
    let omitted = if is_struct(property) && !pointer { tags.go.omitted_when_zero } else { tags.go.omitted_when_empty };
    let mut flag = |text: &str| {
        line.push(' ');
        line.push_str(text);
    };
    if required {
        flag("required");
    }
    if !omitted {
        flag("always");
    }
    if let Some(default) = explicit_default(property, tags, pointer) {
        flag(&format!("default={default}"));
    }
    list_flags(property).iter().for_each(|text| flag(text));
    if let Some(values) = enum_of(property) {
        let words: Vec<String> = values.iter().filter_map(Value::as_str).map(|word| word.replace(' ', "~")).collect();
        flag(&format!("enum={}", words.join("|")));
    }
    line.trim_end().to_string()
}

/// The values allowed of a field, of its items, or of its entries.
fn enum_of(property: &Value) -> Option<&Vec<Value>> {
    [property, &property["items"], &property["additionalProperties"]].into_iter().find_map(|of| of["enum"].as_array())
}

/// Protobuf's number, after the embedded struct that holds the field.
fn number(tags: &Tagged) -> String {
    let number = if tags.go.number == 0 { "-".into() } else { tags.go.number.to_string() };
    match &tags.within {
        Some(within) => format!("{within}:{number}"),
        None => number,
    }
}

fn referred(property: &Value) -> Option<&str> {
    property["$ref"].as_str().or_else(|| property["allOf"][0]["$ref"].as_str()).map(names::target)
}

fn is_struct(property: &Value) -> bool {
    referred(property).is_some()
}

/// A type in the table's words; `(v1.Name)` before it is Go's name where Go has one of its own.
fn shape(sources: &Sources, property: &Value, go_type: &str, home: &str) -> String {
    if let Some(full) = referred(property) {
        return names::reference(full, home);
    }
    let go_type = go_type.trim_start_matches('*');
    let (go_name, plain) = underlying(sources, go_type, home);
    let inner = |prefix: &str, value: &Value| {
        let item = plain.strip_prefix("[]").or_else(|| plain.split_once(']').map(|(_, value)| value));
        format!("{go_name}{prefix}{}", shape(sources, value, item.unwrap_or("string"), home))
    };
    if property["type"] == "array" {
        return inner("[]", &property["items"]);
    }
    if let Some(value) = property.get("additionalProperties") {
        return inner("{}", value);
    }
    format!("{go_name}{}", scalar(property))
}

/// Go's name of a type that is not built in, in parentheses, and what it stands for.
fn underlying(sources: &Sources, go_type: &str, home: &str) -> (String, String) {
    const BUILT_IN: &[&str] = &["string", "bool", "int", "int32", "int64", "float64", "byte", "interface{}"];
    if BUILT_IN.contains(&go_type) || go_type.starts_with("[]") || go_type.starts_with("map[") {
        return (String::new(), go_type.to_string());
    }
    let (package, name) = resolve(home, go_type);
    let plain = sources.packages.get(&package).and_then(|p| p.others.get(&name)).cloned().unwrap_or_default();
    let segment = package.rsplit('.').next().unwrap_or_default();
    (format!("({segment}.{name})"), plain)
}

fn scalar(property: &Value) -> &'static str {
    let format = property["format"].as_str().unwrap_or("");
    match (property["type"].as_str().unwrap_or(""), format) {
        ("string", "byte") => "bytes",
        ("string", _) => "string",
        ("boolean", _) => "bool",
        ("integer", "int32") => "int32",
        ("integer", _) => "int64",
        ("number", _) => "float",
        ("object", _) => "object",
        _ => "any",
    }
}

/// A default that is more than Go's zero value, which every plain field has.
fn explicit_default(property: &Value, tags: &Tagged, pointer: bool) -> Option<String> {
    let default = property.get("default")?;
    let zero = [json!(""), json!(0), json!(false), json!({})].contains(default);
    let implied = zero && !pointer && (is_struct(property) || !tags.go.omitted_when_empty);
    (!implied).then(|| default.to_string())
}

fn list_flags(property: &Value) -> Vec<String> {
    let mut flags = Vec::new();
    let text = |name: &str| property[name].as_str();
    match text("x-kubernetes-list-type") {
        Some("map") => {
            let keys = property["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
            let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
            flags.push(format!("list=map:{}", keys.join(",")));
        }
        Some(kind) => flags.push(format!("list={kind}")),
        None => {}
    }
    if let Some(kind) = text("x-kubernetes-map-type") {
        flags.push(format!("map={kind}"));
    }
    if let Some(strategy) = text("x-kubernetes-patch-strategy") {
        let key = text("x-kubernetes-patch-merge-key").map(|key| format!(":{key}")).unwrap_or_default();
        flags.push(format!("patch={strategy}{key}"));
    }
    flags
}
