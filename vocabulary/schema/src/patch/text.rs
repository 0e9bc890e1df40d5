//! Values as Go's `%v` and `%T` print them, for upstream's messages.

use meta::Value;
use std::fmt::Write;

/// `map[a:1 b:[x y] c:<nil>]`
pub fn go_text(value: &Value) -> String {
    let mut out = String::new();
    write_text(value, &mut out);
    out
}

pub(super) fn go_list_text(items: &[Value]) -> String {
    let mut out = String::new();
    write_joined("[", items.iter(), "]", &mut out, write_text);
    out
}

fn write_text(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => push(out, format_args!("{i}")),
        Value::Float(f) => out.push_str(&float(*f)),
        Value::Str(s) => out.push_str(s),
        Value::List(items) => write_joined("[", items.iter(), "]", out, write_text),
        Value::Map(fields) => write_joined("map[", fields.iter(), "]", out, |(name, value), out| {
            out.push_str(name);
            out.push(':');
            write_text(value, out);
        }),
    }
}

fn write_joined<T>(
    open: &str,
    parts: impl Iterator<Item = T>,
    close: &str,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push_str(open);
    for (i, part) in parts.enumerate() {
        if i > 0 {
            out.push(' ');
        }
        write(part, out);
    }
    out.push_str(close);
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every write");
}

/// `%v` of a float: the shortest digits, with an exponent below 1e-04 and from 1e+06 on.
fn float(f: f64) -> String {
    let scientific = format!("{f:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(power) if !(-4..6).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", power.abs())
        }
        _ => format!("{f}"),
    }
}

/// The Go type that decoding gives this value.
pub(super) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// `%s` of a value that should have been a string.
pub(super) fn go_string(value: &Value) -> String {
    match value {
        Value::Str(s) => s.to_string(),
        Value::Null => "%!s(<nil>)".into(),
        other => format!("%!s({}={})", go_type(other), go_text(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_go_prints_them() {
        for (json, text) in [
            (r#"{"b":[1,"x y",null,true],"a":{"c":1.5}}"#, "map[a:map[c:1.5] b:[1 x y <nil> true]]"),
            ("1e30", "1e+30"),
            ("123456.5", "123456.5"),
            ("0.00001", "1e-05"),
            ("[]", "[]"),
            ("{}", "map[]"),
        ] {
            assert_eq!(go_text(&meta::parse(json.as_bytes()).unwrap()), text);
        }
    }
}
