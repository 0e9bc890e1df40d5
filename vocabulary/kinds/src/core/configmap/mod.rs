//! ConfigMap: configuration by name.

use crate::cells;
use crate::core::keyed_data;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ConfigMap", || Arc::new(ConfigMap));

struct ConfigMap;

impl Rules for ConfigMap {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let count = |field: &str| object.fields(field).count() as i64;
        vec![cells::name(object), (count("data") + count("binaryData")).into(), cells::age(object, now)]
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        keyed_data::keys(&at.at("data"), out);
        keyed_data::keys(&at.at("binaryData"), out);
        for (key, entry) in at.at("data").entries().filter(|(key, _)| !at.at("binaryData").key(key).is_null()) {
            out.push(FieldError::invalid(&entry.path, key, "duplicate of key present in binaryData"));
        }
        let size = |field: &str, measure: fn(&str) -> usize| -> usize {
            at.at(field).entries().map(|(_, entry)| measure(entry.str())).sum()
        };
        if size("data", str::len) + size("binaryData", keyed_data::decoded_length) > keyed_data::MOST {
            out.push(FieldError::too_long(&meta::Path::new("[]"), keyed_data::MOST));
        }
        if let Some(old) = old {
            keyed_data::immutable(&at, old, &["data", "binaryData"], out);
        }
    }
}
