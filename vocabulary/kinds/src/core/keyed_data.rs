//! Data by key, in config maps and secrets.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError, Value};

/// All values together, in bytes.
pub const MOST: usize = 1024 * 1024;

pub fn keys(at: &Cursor<'_>, out: &mut ErrorList) {
    for (key, entry) in at.entries() {
        out.extend(formats::config_key(key).into_iter().map(|why| FieldError::invalid(&entry.path, key, why)));
    }
}

/// Of base64.
pub fn decoded_length(text: &str) -> usize {
    text.len() / 4 * 3 - text.bytes().rev().take_while(|b| *b == b'=').count().min(text.len() / 4 * 3)
}

/// What was declared immutable stays, and stays so.
pub fn immutable(new: &Cursor<'_>, old: &Value, fields: &[&str], out: &mut ErrorList) {
    const WHY: &str = "field is immutable when `immutable` is set";
    if !old.bool("immutable") {
        return;
    }
    if !new.at("immutable").bool() {
        check::forbidden(&new.at("immutable").path, WHY, out);
    }
    for field in fields.iter().filter(|field| new.value.get(field) != old.get(field)) {
        check::forbidden(&new.at(field).path, WHY, out);
    }
}
