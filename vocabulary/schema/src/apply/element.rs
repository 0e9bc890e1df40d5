//! The steps of a path as `managedFields` writes them: `f:name`, `k:{"name":"x"}`, `v:"x"`, `i:0`.

use super::atom::{Atom, ListAtom};
use crate::ListKind;
use meta::{CompactString, Value};
use std::borrow::Cow;
use std::fmt::Write;

pub(super) fn field(name: &str) -> CompactString {
    let mut text = CompactString::with_capacity(name.len() + 2);
    text.push_str("f:");
    text.push_str(name);
    text
}

/// The step to an item of a set or of a list with keys.
pub(super) fn item(list: &ListAtom<'_>, item: &Value) -> Result<CompactString, String> {
    match list.kind {
        ListKind::Atomic => Err("invalid indexing of non-associative list".into()),
        ListKind::Set => set_item(item),
        ListKind::Map(keys) => keyed_item(list, keys, item),
    }
}

fn set_item(item: &Value) -> Result<CompactString, String> {
    match item {
        Value::Map(_) => Err("associative list without keys has an element that's a map type".into()),
        Value::List(_) => Err("not supported: associative list with lists as elements".into()),
        Value::Null => Err("associative list without keys has an element that's an explicit null".into()),
        scalar => {
            let mut text = CompactString::const_new("v:");
            write_json(scalar, &mut text);
            Ok(text)
        }
    }
}

fn keyed_item(list: &ListAtom<'_>, keys: &[CompactString], item: &Value) -> Result<CompactString, String> {
    let fields = match item {
        Value::Map(fields) => fields,
        Value::Null => return Err("associative list with keys may not have a null element".into()),
        _ => return Err("associative list with keys may not have non-map elements".into()),
    };
    let default = |key: &str| match list.item.atom(Some(item)) {
        Atom::Map(map) => map.default_of(key).map(Cow::Owned),
        _ => None,
    };
    let value_of = |key| fields.get(key).map(Cow::Borrowed).or_else(|| default(key));
    let mut found: Vec<_> = keys.iter().filter_map(|key| Some((key, value_of(key)?))).collect();
    if found.is_empty() {
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            keys.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(" ")
        ));
    }
    found.sort_by_key(|(name, _)| *name);
    Ok(key_text(found.iter().map(|(name, value)| (*name, &**value))))
}

fn key_text<'v>(fields: impl Iterator<Item = (&'v CompactString, &'v Value)>) -> CompactString {
    let mut text = CompactString::const_new("k:{");
    for (i, (name, value)) in fields.enumerate() {
        if i > 0 {
            text.push(',');
        }
        write_string(name, &mut text);
        text.push(':');
        write_json(value, &mut text);
    }
    text.push('}');
    text
}

fn write_json(value: &Value, out: &mut CompactString) {
    match value {
        Value::Str(text) => write_string(text, out),
        other => write!(out, "{other}").expect("a string takes every write"),
    }
}

/// As Go escapes strings, with what HTML would trip over.
fn write_string(text: &str, out: &mut CompactString) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(c, out),
            c if (c as u32) < 0x20 => escape(c, out),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(c: char, out: &mut CompactString) {
    write!(out, "\\u{:04x}", c as u32).expect("a string takes every write");
}

/// A step that someone else wrote, in our own spelling; none for a kind of step that is not known.
pub(super) fn normalized(text: &str) -> Result<Option<CompactString>, String> {
    if text.len() < 2 {
        return Err("key must be 2 characters long:".into());
    }
    if text.as_bytes()[1] != b':' {
        return Err(format!("missing colon: {text}"));
    }
    let parse = |json: &str| meta::parse(json.as_bytes()).map_err(|e| e.to_string());
    match text.split_at(2) {
        ("f:", _) => Ok(Some(text.into())),
        ("v:", json) => {
            let mut out = CompactString::const_new("v:");
            write_json(&parse(json)?, &mut out);
            Ok(Some(out))
        }
        ("k:", json) => match parse(json)? {
            Value::Map(fields) => Ok(Some(key_text(fields.iter()))),
            _ => Err(format!("expected an object: {text}")),
        },
        ("i:", number) => {
            let index: i64 = number.parse().map_err(|_| format!("invalid index: {text}"))?;
            Ok(Some(format!("i:{index}").into()))
        }
        _ => Ok(None),
    }
}

/// A step as messages show it: `.name`, `[name="x"]`, `[="x"]`, `[0]`.
pub(super) fn display(text: &str) -> String {
    let parse = |json: &str| meta::parse(json.as_bytes()).unwrap_or_default();
    match text.split_at_checked(2) {
        Some(("f:", name)) => format!(".{name}"),
        Some(("v:", json)) => format!("[={}]", shown(&parse(json))),
        Some(("k:", json)) => {
            let fields = parse(json);
            let fields = fields.as_map().into_iter().flat_map(|fields| fields.iter());
            let shown: Vec<String> = fields.map(|(name, value)| format!("{name}={}", shown(value))).collect();
            format!("[{}]", shown.join(","))
        }
        Some(("i:", index)) => format!("[{index}]"),
        _ => "{{invalid path element}}".into(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// Where a step sorts among its like: fields by name, keys and values by what they hold (80 before 8080).
pub(super) fn rank(text: &str) -> (u8, Value) {
    let parse = |json: &str| meta::parse(json.as_bytes()).unwrap_or_default();
    match text.split_at_checked(2) {
        Some(("f:", name)) => (0, Value::from(name)),
        Some(("k:", json)) => (1, parse(json)),
        Some(("v:", json)) => (2, parse(json)),
        Some(("i:", index)) => (3, parse(index)),
        _ => (4, Value::Null),
    }
}

/// Upstream's order of values of any types.
pub(super) fn compare_values(a: &Value, b: &Value) -> std::cmp::Ordering {
    let order = |value: &Value| match value {
        Value::Float(_) | Value::Int(_) => 0,
        Value::Str(_) => 1,
        Value::Bool(_) => 2,
        Value::List(_) => 3,
        Value::Map(_) => 4,
        Value::Null => 5,
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Int(a), Value::Float(b)) => (*a as f64).total_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.total_cmp(&(*b as f64)),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => compare_each(a.iter(), b.iter(), compare_values),
        (Value::Map(a), Value::Map(b)) => {
            compare_each(a.iter(), b.iter(), |a, b| a.0.cmp(b.0).then_with(|| compare_values(a.1, b.1)))
        }
        _ => order(a).cmp(&order(b)),
    }
}

fn compare_each<T>(
    a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
    compare: impl Fn(T, T) -> std::cmp::Ordering,
) -> std::cmp::Ordering {
    for left in a {
        let Some(right) = b.next() else { return std::cmp::Ordering::Greater };
        let order = compare(left, right);
        if order.is_ne() {
            return order;
        }
    }
    if b.next().is_some() { std::cmp::Ordering::Less } else { std::cmp::Ordering::Equal }
}
