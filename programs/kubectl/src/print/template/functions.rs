//! What templates can call.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Value;
use std::cmp::Ordering;

type Function = fn(&[Value]) -> Result<Value, String>;

const FUNCTIONS: &[(&str, Function)] = &[
    ("and", |values| Ok(values.iter().find(|value| !truth(value)).or(values.last()).cloned().unwrap_or_default())),
    ("or", |values| Ok(values.iter().find(|value| truth(value)).or(values.last()).cloned().unwrap_or_default())),
    ("not", |values| Ok(Value::from(!truth(argument(values, 0)?)))),
    ("len", |values| length(argument(values, 0)?)),
    ("index", |values| values.iter().skip(1).try_fold(argument(values, 0)?.clone(), |value, at| index(&value, at))),
    ("print", |values| Ok(print(values).into())),
    ("println", |values| Ok(format!("{}\n", values.iter().map(shown).collect::<Vec<_>>().join(" ")).into())),
    ("printf", |values| printf(values).map(Value::from)),
    ("eq", |values| Ok(values.iter().skip(1).any(|other| alike(&values[0], other)).into())),
    ("ne", |values| Ok((!alike(argument(values, 0)?, argument(values, 1)?)).into())),
    ("lt", |values| compare(values, |order| order == Ordering::Less)),
    ("le", |values| compare(values, |order| order != Ordering::Greater)),
    ("gt", |values| compare(values, |order| order == Ordering::Greater)),
    ("ge", |values| compare(values, |order| order != Ordering::Less)),
    ("exists", |values| Ok(exists_at(values).into())),
    ("base64decode", |values| decode(argument(values, 0)?)),
];

pub fn exists(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, _)| *known == name)
}

pub fn call(name: &str, values: &[Value]) -> Result<Value, String> {
    let (_, function) = FUNCTIONS.iter().find(|(known, _)| *known == name).ok_or("no such function")?;
    function(values).map_err(|why| format!("error calling {name}: {why}"))
}

fn argument(values: &[Value], at: usize) -> Result<&Value, String> {
    values.get(at).ok_or_else(|| format!("wrong number of args: got {}", values.len()))
}

/// What is empty, zero or nothing is false.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        other => !other.is_empty(),
    }
}

/// Numbers of an object are floating ones where templates see them.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".into(),
        other => inner(other),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Str(text) => text.to_string(),
        Value::Int(number) => float(*number as f64),
        Value::Float(number) => float(*number),
        Value::List(items) => format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(" ")),
        Value::Map(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{}", inner(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}

/// The shortest digits, with an exponent from a million on.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -4..=20 if exponent < 6 || number == 0.0 => format!("{number}"),
        _ => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

fn length(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Str(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(fields) => fields.len(),
        Value::Null => return Err("len of nil pointer".into()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::from(length as i64))
}

fn index(value: &Value, at: &Value) -> Result<Value, String> {
    match (value, at) {
        (Value::Map(fields), Value::Str(name)) => Ok(fields.get(name).cloned().unwrap_or_default()),
        (Value::List(items), Value::Int(at)) => {
            let found = usize::try_from(*at).ok().and_then(|at| items.get(at));
            found.cloned().ok_or_else(|| format!("index out of range: {at}"))
        }
        (Value::Null, _) => Err("index of untyped nil".into()),
        (_, at) => Err(format!("cannot index with {}", inner(at))),
    }
}

/// A space between two operands of which neither is a text.
fn print(values: &[Value]) -> String {
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Str(_));
        if at > 0 && !is_text(value) && !is_text(&values[at - 1]) {
            text.push(' ');
        }
        text.push_str(&inner(value));
    }
    text
}

fn printf(values: &[Value]) -> Result<String, String> {
    let format = argument(values, 0)?.as_str().ok_or("the format is no text")?;
    let (mut text, mut rest, mut next) = (String::new(), format, values[1..].iter());
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !"-+# 0123456789.".contains(c)).ok_or("%!(NOVERB)")?;
        let (flags, verb) = (&rest[..end], rest[end..].chars().next().unwrap_or('%'));
        rest = &rest[end + verb.len_utf8()..];
        if verb == '%' {
            text.push('%');
            continue;
        }
        let Some(value) = next.next() else {
            text.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        text.push_str(&padded(flags, &formatted(flags, verb, value)));
    }
    text.push_str(rest);
    Ok(text)
}

fn formatted(flags: &str, verb: char, value: &Value) -> String {
    match (verb, value) {
        ('q', Value::Str(text)) => meta::quote(text),
        ('d', Value::Int(number)) => number.to_string(),
        ('f', Value::Int(_) | Value::Float(_)) => {
            let number = match value {
                Value::Int(number) => *number as f64,
                Value::Float(number) => *number,
                _ => 0.0,
            };
            let places = flags.split_once('.').and_then(|(_, places)| places.parse().ok()).unwrap_or(6);
            format!("{number:.places$}")
        }
        _ => inner(value),
    }
}

fn padded(flags: &str, text: &str) -> String {
    let left = flags.starts_with('-');
    let width = flags.trim_start_matches(['-', '+', ' ', '0']).split('.').next().unwrap_or("");
    let width: usize = width.parse().unwrap_or(0);
    if left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (a, b) => a == b,
    }
}

fn compare(values: &[Value], fits: fn(Ordering) -> bool) -> Result<Value, String> {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    let (a, b) = (argument(values, 0)?, argument(values, 1)?);
    let order = match (a, b) {
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (a, b) => number(a).zip(number(b)).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    order.map(|order| fits(order).into()).ok_or_else(|| "incompatible types for comparison".into())
}

fn exists_at(values: &[Value]) -> bool {
    let Some((first, path)) = values.split_first() else { return false };
    let found =
        path.iter().try_fold(first.clone(), |value, at| index(&value, at).ok().filter(|value| !value.is_null()));
    found.is_some()
}

fn decode(value: &Value) -> Result<Value, String> {
    let bytes = STANDARD.decode(value.as_str().unwrap_or("")).map_err(|why| why.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).as_ref().into())
}
