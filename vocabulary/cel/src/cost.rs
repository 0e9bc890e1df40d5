//! What a call costs, by upstream's measure: about fifty nanoseconds a unit there. Limits are told in it.

use crate::value::Val;

pub(crate) const LIST: u64 = 10;
pub(crate) const MAP: u64 = 30;
/// Of a text that is gone through once, a character.
pub(crate) const CHARACTER: f64 = 0.1;
/// Of a regular expression, a character.
pub(crate) const PATTERN: f64 = 0.25;

fn scaled(size: u64, factor: f64) -> u64 {
    (size as f64 * factor).ceil() as u64
}

/// `overload` is known where only one is meant.
pub(crate) fn call(function: &str, overload: Option<&str>, given: &[Val<'_>], result: Option<&Val<'_>>) -> u64 {
    let size = |at: usize| given.get(at).map_or(0, Val::size);
    let text = |times: f64| scaled(size(0), times * CHARACTER);
    let overload = overload.unwrap_or_default();
    match function {
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => given.first().map_or(0, traversal),
        "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" | "cidr" | "isIP" | "isCIDR" | "quantity"
        | "isQuantity" | "semver" | "isSemver" => text(1.0),
        "ip" if overload != "cidr_ip" => text(1.0),
        "replace" | "split" | "ip.isCanonical" => text(2.0),
        "join" => scaled(result.map_or(1, Val::size), 2.0 * CHARACTER),
        "find" | "findAll" | "matches" if function != "matches" || overload == "matches_string" => {
            pattern(size(0), size(1))
        }
        "validate" => match given.first() {
            Some(Val::Format(format)) => pattern(size(1), format.pattern_size),
            _ => 1,
        },
        "containsIP" | "containsCIDR" => contains(function, overload, size(0), size(1)),
        "_==_" | "_!=_" => equality(function, given, size(0).min(size(1))),
        "lists.range" | "slice" | "flatten" | "distinct" | "reverse" | "sort" | "@sortByAssociatedKeys" => {
            made_list(function, given, result)
        }
        "sets.contains" | "sets.intersects" => 1 + size(0) * size(1),
        "sets.equivalent" => 1 + 2 * size(0) * size(1),
        _ => by_overload(overload, size(0), size(1)),
    }
}

fn pattern(text: u64, pattern: u64) -> u64 {
    scaled(text + 1, CHARACTER) * scaled(pattern, PATTERN)
}

fn contains(function: &str, overload: &str, range: u64, other: u64) -> u64 {
    let compared = scaled(2 * range, CHARACTER);
    let masked = if function == "containsCIDR" { scaled(range, CHARACTER) + 1 } else { 0 };
    let parsed = if overload.ends_with("_string") { scaled(other, CHARACTER) } else { 0 };
    compared + masked + parsed
}

fn equality(function: &str, given: &[Val<'_>], smaller: u64) -> u64 {
    match given.first() {
        Some(Val::Ip(_) | Val::Cidr(_) | Val::Quantity(_) | Val::Semver(_) | Val::Url(_) | Val::Format(_))
            if function == "_==_" =>
        {
            1
        }
        _ => scaled(smaller, CHARACTER),
    }
}

fn made_list(function: &str, given: &[Val<'_>], result: Option<&Val<'_>>) -> u64 {
    let (before, after) = (given.first().map_or(0, Val::size), result.map_or(1, Val::size));
    let gone_through = match (function, given.get(1)) {
        ("distinct" | "sort", _) => compared(given.first()),
        ("@sortByAssociatedKeys", keys) => compared(keys),
        ("flatten", Some(Val::Int(depth))) => *depth * before as i64,
        ("flatten", _) => before as i64,
        _ => after as i64,
    };
    (LIST + 1).saturating_add_signed(gone_through)
}

/// Of comparing each item with each.
fn compared(list: Option<&Val<'_>>) -> i64 {
    let Some(Val::List(list)) = list else { return 0 };
    let texts = matches!(list.get(0), Some(Val::Text(_) | Val::Bytes(_)));
    let each = if texts { 2.0 + CHARACTER } else { 2.0 };
    ((list.len() * list.len()) as f64 * each) as i64
}

fn by_overload(overload: &str, a: u64, b: u64) -> u64 {
    match overload {
        "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string" | "strings_quote"
        | "string_format" => scaled(a, CHARACTER),
        "in_list" => b,
        "less_string"
        | "greater_string"
        | "less_equals_string"
        | "greater_equals_string"
        | "less_bytes"
        | "greater_bytes"
        | "less_equals_bytes"
        | "greater_equals_bytes" => scaled(a.min(b), CHARACTER),
        "add_string" | "add_bytes" => scaled(a + b, CHARACTER),
        "contains_string" => scaled(a, CHARACTER) * scaled(b, CHARACTER),
        _ => 1,
    }
}

/// Of going through data once.
fn traversal(value: &Val<'_>) -> u64 {
    match value {
        Val::Text(text) => (text.len() as f64 * CHARACTER) as u64,
        Val::Bytes(bytes) => (bytes.len() as f64 * CHARACTER) as u64,
        Val::List(list) => list.iter().map(|item| traversal(&item)).sum(),
        Val::Map(map) => map.entries().iter().map(|(key, value)| traversal(key) + traversal(value)).sum(),
        _ => 1,
    }
}
