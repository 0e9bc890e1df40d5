//! How Go writes values (`%v`, JSON) and reads durations.

use meta::Value;

/// `%v` of a decoded value: maps as `map[a:1]`, lists as `[1 2]`.
pub fn sprint(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(sprint).collect::<Vec<_>>().join(" ")),
        Value::Map(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{}", sprint(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}

/// JSON as Go's encoder writes it: `<`, `>` and `&` escaped.
pub fn json(value: &Value) -> String {
    escape_html(&value.to_string())
}

/// The same over several lines.
pub fn json_indented(value: &Value, indent: &str) -> String {
    let mut out = String::new();
    write_indented(value, indent, 0, &mut out);
    escape_html(&out)
}

fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn write_indented(value: &Value, indent: &str, depth: usize, out: &mut String) {
    match value {
        Value::List(items) if !items.is_empty() => {
            let parts = items.iter().map(|item| (String::new(), item));
            write_block(('[', ']'), parts, indent, depth, out);
        }
        Value::Map(fields) if !fields.is_empty() => {
            let parts = fields.iter().map(|(name, value)| (format!("{}: ", Value::from(name)), value));
            write_block(('{', '}'), parts, indent, depth, out);
        }
        other => out.push_str(&other.to_string()),
    }
}

fn write_block<'v>(
    (open, close): (char, char),
    parts: impl Iterator<Item = (String, &'v Value)>,
    indent: &str,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    for (number, (name, value)) in parts.enumerate() {
        out.push_str(if number == 0 { "\n" } else { ",\n" });
        out.push_str(&indent.repeat(depth + 1));
        out.push_str(&name);
        write_indented(value, indent, depth + 1, out);
    }
    out.push('\n');
    out.push_str(&indent.repeat(depth));
    out.push(close);
}

/// `time.ParseDuration`, in nanoseconds.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    const UNITS: [(&str, f64); 6] = [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
    let invalid = || format!("time: invalid duration {}", meta::quote(text));
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len()));
        let number: f64 = number.parse().map_err(|_| invalid())?;
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", meta::quote(text)));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {} in duration {}", meta::quote(unit), meta::quote(text)));
        };
        total += number * size;
        rest = after;
    }
    Ok((sign * total) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in
            [("1h", 3600.0), ("1m30s", 90.0), ("1.5s", 1.5), ("0", 0.0), ("250ms", 0.25), ("-1s", -1.0)]
        {
            assert_eq!(parse_duration(text), Ok((seconds * 1e9) as i64), "{text}");
        }
        for broken in ["", "1", "x", "1d"] {
            assert!(parse_duration(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn values_are_written_as_go_writes_them() {
        let value = value!({"a": [1i64, "<b>"], "c": {}});
        assert_eq!(sprint(&value), "map[a:[1 <b>] c:map[]]");
        assert_eq!(json_indented(&value, "  "), "{\n  \"a\": [\n    1,\n    \"\\u003cb\\u003e\"\n  ],\n  \"c\": {}\n}");
    }
}
