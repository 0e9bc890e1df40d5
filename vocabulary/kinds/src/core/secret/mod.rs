//! Secret: small sensitive data.

mod typed;

use crate::cells;
use crate::core::keyed_data;
use crate::{Context, Row, Rules, check};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Secret", || Arc::new(Secret));

struct Secret;

impl Rules for Secret {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let count = object.fields("data").count() as i64;
        vec![cells::name(object), object.str("type").into(), count.into(), cells::age(object, now)]
    }

    fn selectable(&self) -> &[&'static str] {
        &["type"]
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, old: &Value) {
        if new.str("type").is_empty() {
            new.set("type", old.get("type").clone());
        }
    }

    /// Plain text is for writing only: it is stored among the data.
    fn default(&self, object: &mut Value) {
        merge_string_data(object);
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        let data = at.at("data");
        keyed_data::keys(&data, out);
        let size: usize = data.entries().map(|(_, entry)| keyed_data::decoded_length(entry.str())).sum();
        if size > keyed_data::MOST {
            out.push(FieldError::too_long(&data.path, keyed_data::MOST));
        }
        typed::judge(&at, out);
        if let Some(old) = old {
            check::immutable(&at.at("type"), &Cursor::root(old).at("type"), out);
            keyed_data::immutable(&at, old, &["data"], out);
        }
    }
}

fn merge_string_data(secret: &mut Value) {
    let Some(Value::Map(plain)) = secret.remove("stringData") else { return };
    for (key, text) in plain {
        let encoded = STANDARD.encode(text.as_str().unwrap_or(""));
        *secret.entry("data").entry(&key) = encoded.into();
    }
}
