//! What a JSON schema tells expressions about its data.

use crate::structural::words::{EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, is_true, kind, list, schema_at, text};
use cel::{Decl, Field, ListKind, Object, Shape, escape};
use meta::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// As large as a request may be, which bounds all that stands in one.
const REQUEST: u64 = 3 * 1024 * 1024;
const QUOTES: u64 = 2;

pub(super) struct Declared {
    pub decl: Decl,
    /// As short as the data may be in JSON.
    pub least: u64,
}

/// None where expressions cannot see the data: nothing is known of it.
pub(super) fn declare(schema: &Value, is_resource: bool, name: &str) -> Option<Declared> {
    if is_true(schema, INT_OR_STRING) {
        let most = size(schema, "maxLength").map_or(REQUEST - QUOTES, |most| most.saturating_mul(4));
        return Some(Declared { decl: Decl::new(Shape::Dyn).at_most(most), least: 1 });
    }
    match kind(schema) {
        "array" => array(schema, name),
        "object" => object(schema, is_resource, name),
        "string" => Some(string(schema)),
        "boolean" => Some(scalar(Shape::Bool, 4)),
        "number" => Some(scalar(Shape::Double, 1)),
        "integer" => Some(scalar(Shape::Int, 1)),
        _ => None,
    }
}

fn scalar(shape: Shape, least: u64) -> Declared {
    Declared { decl: Decl::new(shape).at_most(0), least }
}

fn size(schema: &Value, name: &str) -> Option<u64> {
    schema.get(name).as_int().map(|size| size.try_into().unwrap_or(0))
}

fn array(schema: &Value, name: &str) -> Option<Declared> {
    let items = schema_at(schema, "items")?;
    let item = declare(items, is_true(items, EMBEDDED), &format!("{name}.@idx"))?;
    let most = size(schema, "maxItems").unwrap_or((REQUEST - QUOTES) / (item.least + 1));
    let keys = list(schema, LIST_KEYS).iter().filter_map(Value::as_str).map(Into::into);
    let kind = match text(schema, LIST_TYPE) {
        "set" => ListKind::Set,
        "map" => ListKind::Map(keys.collect()),
        _ => ListKind::Atomic,
    };
    let decl = Decl::new(Shape::List(Arc::new(item.decl), kind)).at_most(most);
    Some(Declared { decl, least: 2 })
}

fn object(schema: &Value, is_resource: bool, name: &str) -> Option<Declared> {
    if let Some(values) = schema_at(schema, "additionalProperties") {
        let value = declare(values, is_true(values, EMBEDDED), &format!("{name}.@elem"))?;
        let most = size(schema, "maxProperties").unwrap_or((REQUEST - QUOTES) / (value.least + 6));
        let decl = Decl::new(Shape::Map(Arc::new(value.decl))).at_most(most);
        return Some(Declared { decl, least: 2 });
    }
    let (mut fields, mut least) = (BTreeMap::new(), 2);
    let required = list(schema, "required");
    for (field, property) in schema.fields("properties") {
        let Some(found) = declare(property, is_true(property, EMBEDDED), &format!("{name}.{field}")) else { continue };
        if property.get("default").is_null() && required.iter().any(|name| name.as_str() == Some(field)) {
            least += field.len() as u64 + found.least + 4;
        }
        fields.extend(escape(field).map(|known| (known, Field { name: field.clone(), decl: found.decl })));
    }
    if is_resource {
        add_resource_fields(&mut fields, name);
    }
    let object = Object { name: name.into(), fields };
    Some(Declared { decl: Decl::new(Shape::Object(Arc::new(object))).at_most(0), least })
}

/// What every object has; of its metadata, names alone.
fn add_resource_fields(fields: &mut BTreeMap<String, Field>, name: &str) {
    let text = || Decl::new(Shape::Text).at_most(0);
    let metadata = Decl::object(&format!("{name}.metadata"), [("name", text()), ("generateName", text())]).at_most(0);
    for (field, decl) in [("apiVersion", text()), ("kind", text()), ("metadata", metadata)] {
        fields.insert(field.into(), Field { name: field.into(), decl });
    }
}

fn string(schema: &Value) -> Declared {
    let longest = size(schema, "maxLength");
    let declared = |shape, most, least| Declared { decl: Decl::new(shape).at_most(most), least };
    match text(schema, "format") {
        "byte" => declared(Shape::Bytes, longest.unwrap_or(REQUEST - QUOTES), QUOTES),
        "duration" => declared(Shape::Duration, 32, 3),
        "date" => declared(Shape::Date, 12, 12),
        "date-time" => declared(Shape::Timestamp, 32, 21),
        _ => declared(Shape::Text, text_size(schema, longest), QUOTES),
    }
}

fn text_size(schema: &Value, longest: Option<u64>) -> u64 {
    let allowed = list(schema, "enum");
    match longest {
        Some(most) => most.saturating_mul(4), // characters are bounded, and one may take four bytes
        None if allowed.is_empty() => REQUEST - QUOTES,
        None => allowed.iter().filter_map(Value::as_str).map(str::len).max().unwrap_or(0) as u64,
    }
}
