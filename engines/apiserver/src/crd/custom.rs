//! The hooks of a custom kind: everything is in its definition.

use jiff::Timestamp;
use kinds::{Context, Rules};
use meta::{CompactString, Value};
use schema::jsonpath::JsonPath;
use std::collections::BTreeSet;

pub struct Custom {
    columns: Vec<(CompactString, JsonPath)>,
    /// Kept alive for the process: selectable fields are named by `'static` texts, and a definition has at most eight.
    selectable: Vec<&'static str>,
    paths: Vec<JsonPath>,
    status: bool,
}

impl Custom {
    pub fn of(spec: &Value) -> Custom {
        let versions = spec.items("versions");
        let storage = versions.iter().find(|version| version.bool("storage")).unwrap_or(&Value::Null);
        let mut columns: Vec<(CompactString, JsonPath)> = Vec::new();
        for column in storage.items("additionalPrinterColumns") {
            if let Ok(path) = JsonPath::parse(column.str("jsonPath")) {
                columns.push((column.str("type").into(), path));
            }
        }
        if columns.is_empty() {
            columns.extend(JsonPath::parse(".metadata.creationTimestamp").map(|path| ("date".into(), path)));
        }
        let fields: BTreeSet<&str> = versions
            .iter()
            .flat_map(|version| version.items("selectableFields").iter().map(|field| field.str("jsonPath")))
            .collect();
        let known = fields
            .into_iter()
            .filter_map(|field| Some((intern(field.trim_start_matches('.')), JsonPath::parse(field).ok()?)));
        let (selectable, paths) = known.unzip();
        let status = versions.iter().any(|version| !version.at("subresources.status").is_null());
        Custom { columns, selectable, paths, status }
    }
}

/// One lasting copy of each field name, however often definitions change.
fn intern(field: &str) -> &'static str {
    use std::sync::{Mutex, PoisonError};
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = known.get(field) {
        return kept;
    }
    let kept: &'static str = Box::leak(field.to_string().into_boxed_str());
    known.insert(kept);
    kept
}

impl Rules for Custom {
    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        if self.status {
            object.remove("status");
        }
    }

    fn has_generation(&self) -> bool {
        true
    }

    /// With a status of its own, everything else but metadata counts; without one, everything but metadata.
    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        let counts = |name: &str| name != "metadata" && !(self.status && name == "status");
        let fields = |value: &Value| -> Vec<(CompactString, Value)> {
            let all = value.as_map().into_iter().flat_map(|map| map.iter());
            all.filter(|(name, _)| counts(name)).map(|(name, field)| (name.clone(), field.clone())).collect()
        };
        fields(new) != fields(old)
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &self.selectable
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        let path = self.selectable.iter().position(|known| *known == field).map(|i| &self.paths[i]);
        match path.and_then(|path| path.find(object).first().copied()) {
            Some(Value::Str(text)) => text.clone(),
            Some(other) if !other.is_null() => other.to_string().into(),
            _ => CompactString::default(),
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let name = Value::from(object.str("metadata.name"));
        let cell = |(kind, path): &(CompactString, JsonPath)| match path.find(object).first() {
            Some(found) => cell(kind, found, now),
            None => Value::Null,
        };
        std::iter::once(name).chain(self.columns.iter().map(cell)).collect()
    }
}

/// A value as its column's type prints it; of another type it is left out.
fn cell(kind: &str, found: &Value, now: Timestamp) -> Value {
    match (kind, found) {
        (_, Value::Null) => Value::Null,
        ("string", Value::Str(text)) => Value::Str(text.clone()),
        ("string", other) => Value::from(other.to_string()),
        ("integer", Value::Int(_)) | ("number", Value::Int(_) | Value::Float(_)) | ("boolean", Value::Bool(_)) => {
            found.clone()
        }
        ("integer", Value::Float(number)) => Value::Int(*number as i64),
        ("date", Value::Str(_)) => Value::from(kinds::age(found, now)),
        _ => Value::Null,
    }
}
