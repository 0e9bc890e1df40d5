//! The small judgments of which validation is made: each looks at one value and adds what is wrong with it.

use crate::formats;
use meta::{Cursor, ErrorList, FieldError, Path, Value};

pub const IMMUTABLE: &str = "field is immutable";
pub const NEGATIVE: &str = "must be greater than or equal to 0";

/// A problem for every complaint about a text.
pub fn text(at: &Cursor<'_>, complaints: Vec<String>, out: &mut ErrorList) {
    out.extend(complaints.into_iter().map(|complaint| FieldError::invalid(&at.path, at.str(), complaint)));
}

/// A text must stand there; whether it does.
pub fn required(at: &Cursor<'_>, detail: &str, out: &mut ErrorList) -> bool {
    let missing = at.value.is_null() || at.value.as_str() == Some("");
    if missing {
        out.push(FieldError::required(&at.path, detail));
    }
    !missing
}

/// A list must hold something.
pub fn required_items(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.items().next().is_none() {
        out.push(FieldError::required(&at.path, ""));
    }
}

/// Whether a list holds more than it may; it is then not looked into.
pub fn too_many(at: &Cursor<'_>, most: usize, out: &mut ErrorList) -> bool {
    let count = at.items().count();
    if count > most {
        out.push(FieldError::too_many(&at.path, count, most));
    }
    count > most
}

/// Required, and then judged by a rule of names.
pub fn required_name(at: &Cursor<'_>, rule: fn(&str) -> Vec<String>, out: &mut ErrorList) {
    if required(at, "", out) {
        text(at, rule(at.str()), out);
    }
}

/// One of few words; what is absent is not judged.
pub fn one_of(at: &Cursor<'_>, words: &[&str], out: &mut ErrorList) {
    if !at.is_null() && !words.contains(&at.str()) {
        out.push(FieldError::not_supported(&at.path, at.value.clone(), words.iter().copied()));
    }
}

/// One of few words, and one must be given.
pub fn required_one_of(at: &Cursor<'_>, words: &[&str], out: &mut ErrorList) {
    if required(at, "", out) {
        one_of(at, words, out);
    }
}

pub fn nonnegative(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.value.as_int().is_some_and(|number| number < 0) {
        out.push(FieldError::invalid(&at.path, at.value.clone(), NEGATIVE));
    }
}

/// A number within bounds, both included; what is absent counts as 0 where `always`.
pub fn range(at: &Cursor<'_>, least: i64, most: i64, out: &mut ErrorList) {
    if !(least..=most).contains(&at.int()) {
        let detail = format!("must be between {least} and {most}, inclusive");
        out.push(FieldError::invalid(&at.path, at.int(), detail));
    }
}

pub fn port(at: &Cursor<'_>, out: &mut ErrorList) {
    range(at, 1, 65535, out);
}

/// A port's number, or a port's name.
pub fn port_or_name(at: &Cursor<'_>, out: &mut ErrorList) {
    match at.value {
        Value::Str(name) => text(at, formats::port_name(name), out),
        _ => port(at, out),
    }
}

/// The name of a volume driver: a domain, in any case.
pub fn csi_driver(at: &Cursor<'_>, out: &mut ErrorList) {
    const MOST: usize = 63;
    if at.str().len() > MOST {
        out.push(FieldError::too_long(&at.path, MOST));
    }
    text(at, meta::names::dns_subdomain(&at.str().to_lowercase()), out);
}

pub fn immutable(new: &Cursor<'_>, old: &Cursor<'_>, out: &mut ErrorList) {
    if new.value != old.value {
        out.push(FieldError::invalid(&new.path, new.value.clone(), IMMUTABLE));
    }
}

pub fn forbidden(path: &Path, why: &str, out: &mut ErrorList) {
    out.push(FieldError::forbidden(path, why));
}

pub fn invalid(at: &Cursor<'_>, why: impl Into<String>, out: &mut ErrorList) {
    out.push(FieldError::invalid(&at.path, at.value.clone(), why));
}

/// Whether any of these fields stands.
pub fn any_present(object: &Value, fields: &[&str]) -> bool {
    fields.iter().any(|field| !object.get(field).is_null())
}
