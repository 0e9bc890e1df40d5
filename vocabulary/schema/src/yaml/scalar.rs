//! What a scalar's text stands for, by the rules of YAML 1.1 as Go's library reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Value(Value),
    Merge,
}

const CORE: &str = "tag:yaml.org,2002:";

/// The value of a scalar. Quoted text is a string unless its tag says otherwise.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Scalar, String> {
    let core = tag.map(|tag| tag.strip_prefix(CORE).unwrap_or(""));
    match core {
        None if plain => Ok(guess(text)),
        Some("binary") => binary(text).map(Scalar::Value),
        Some(wanted @ ("int" | "float" | "bool" | "null")) => tagged(text, wanted),
        _ => Ok(Scalar::Value(text.into())),
    }
}

fn binary(text: &str) -> Result<Value, String> {
    let clean: String = text.split_whitespace().collect();
    let bytes = STANDARD.decode(clean).map_err(|_| "!!binary value contains invalid base64 data".to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

fn tagged(text: &str, wanted: &str) -> Result<Scalar, String> {
    match (guess(text), wanted) {
        (Scalar::Value(value @ Value::Int(_)), "int")
        | (Scalar::Value(value @ Value::Bool(_)), "bool")
        | (Scalar::Value(value @ Value::Null), "null")
        | (Scalar::Value(value @ Value::Float(_)), "float") => Ok(Scalar::Value(value)),
        (Scalar::Value(Value::Int(number)), "float") => Ok(Scalar::Value(Value::Float(number as f64))),
        _ => Err(format!("cannot decode `{text}` as a !!{wanted}")),
    }
}

fn guess(text: &str) -> Scalar {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "<<" => return Scalar::Merge,
        _ => match text.as_bytes()[0] {
            b'0'..=b'9' | b'+' | b'-' => number(&text.replace('_', "")).unwrap_or_else(|| text.into()),
            b'.' => float(text).map_or_else(|| text.into(), Value::Float),
            _ => text.into(),
        },
    };
    Scalar::Value(value)
}

fn number(text: &str) -> Option<Value> {
    integer(text).or_else(|| float(text).map(Value::Float))
}

/// Whole numbers in Go's notations: `10`, `0x1f`, `0b11`, `0o17` and `017`.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let size = i128::from_str_radix(digits, radix).ok()?;
    let number = if negative { -size } else { size };
    match i64::try_from(number) {
        Ok(number) => Some(Value::Int(number)),
        Err(_) => u64::try_from(number).ok().map(|number| Value::Float(number as f64)),
    }
}

fn radix(digits: &str) -> (u32, &str) {
    let Some(rest) = digits.strip_prefix('0').filter(|rest| !rest.is_empty()) else { return (10, digits) };
    match rest.as_bytes()[0] {
        b'x' | b'X' => (16, &rest[1..]),
        b'b' | b'B' => (2, &rest[1..]),
        b'o' | b'O' => (8, &rest[1..]),
        _ => (8, rest),
    }
}

fn float(text: &str) -> Option<f64> {
    let written = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    written.then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text() {
        let is = |text: &str, value: Value| assert_eq!(resolve(text, true, None), Ok(Scalar::Value(value)), "{text}");
        is("yes", Value::Bool(true));
        is("off", Value::Bool(false));
        is("~", Value::Null);
        is("12", Value::Int(12));
        is("-0x1F", Value::Int(-31));
        is("017", Value::Int(15));
        is("0o17", Value::Int(15));
        is("0b101", Value::Int(5));
        is("1_000", Value::Int(1000));
        is("089", Value::Float(89.0));
        is("0", Value::Int(0));
        is("1e3", Value::Float(1000.0));
        is(".5", Value::Float(0.5));
        is("1.", Value::Float(1.0));
        is("18446744073709551615", Value::Float(u64::MAX as f64));
        for text in ["2001-01-02", "1:30", "100m", "-", "+", ".", "0x", "nope", "1.2.3", "1__x", ".inf"] {
            is(text, text.into());
        }
    }

    #[test]
    fn tags_and_quotes() {
        let with = |text: &str, tag| resolve(text, true, Some(&format!("{CORE}{tag}")));
        assert_eq!(with("12", "str"), Ok(Scalar::Value("12".into())));
        assert_eq!(with("12", "float"), Ok(Scalar::Value(Value::Float(12.0))));
        assert_eq!(with("aGk=", "binary"), Ok(Scalar::Value("hi".into())));
        assert!(with("x", "int").is_err());
        assert_eq!(resolve("12", false, None), Ok(Scalar::Value("12".into())));
        assert_eq!(resolve("12", true, Some("!local")), Ok(Scalar::Value("12".into())));
    }
}
