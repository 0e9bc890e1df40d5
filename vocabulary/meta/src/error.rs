//! What is wrong with a request's object: every problem, each with its path. Upstream's types and wording.

use crate::{Cause, Path, Value};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    Internal,
    TypeInvalid,
}

impl Problem {
    /// The machine-readable reason of a cause.
    pub fn reason(self) -> &'static str {
        match self {
            Problem::NotFound => "FieldValueNotFound",
            Problem::Required => "FieldValueRequired",
            Problem::Duplicate => "FieldValueDuplicate",
            Problem::Invalid => "FieldValueInvalid",
            Problem::NotSupported => "FieldValueNotSupported",
            Problem::Forbidden => "FieldValueForbidden",
            Problem::TooLong => "FieldValueTooLong",
            Problem::TooMany => "FieldValueTooMany",
            Problem::Internal => "InternalError",
            Problem::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Problem::NotFound => "Not found",
            Problem::Required => "Required value",
            Problem::Duplicate => "Duplicate value",
            Problem::Invalid | Problem::TypeInvalid => "Invalid value",
            Problem::NotSupported => "Unsupported value",
            Problem::Forbidden => "Forbidden",
            Problem::TooLong => "Too long",
            Problem::TooMany => "Too many",
            Problem::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        !matches!(self, Problem::Required | Problem::Forbidden | Problem::TooLong | Problem::Internal)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub problem: Problem,
    pub field: String,
    /// The value as the message shows it; none where there is nothing to show.
    pub value: Option<Value>,
    pub detail: String,
}

impl FieldError {
    fn new(problem: Problem, path: &Path, value: Option<Value>, detail: impl Into<String>) -> FieldError {
        FieldError { problem, field: path.to_string(), value, detail: detail.into() }
    }

    pub fn required(path: &Path, detail: impl Into<String>) -> FieldError {
        FieldError::new(Problem::Required, path, None, detail)
    }

    pub fn invalid(path: &Path, value: impl Into<Value>, detail: impl Into<String>) -> FieldError {
        FieldError::new(Problem::Invalid, path, Some(value.into()), detail)
    }

    pub fn type_invalid(path: &Path, value: impl Into<Value>, detail: impl Into<String>) -> FieldError {
        FieldError::new(Problem::TypeInvalid, path, Some(value.into()), detail)
    }

    pub fn not_supported<'s>(
        path: &Path,
        value: impl Into<Value>,
        supported: impl IntoIterator<Item = &'s str>,
    ) -> FieldError {
        let quoted: Vec<String> = supported.into_iter().map(|s| format!("{s:?}")).collect();
        let detail = if quoted.is_empty() { String::new() } else { format!("supported values: {}", quoted.join(", ")) };
        FieldError::new(Problem::NotSupported, path, Some(value.into()), detail)
    }

    pub fn forbidden(path: &Path, detail: impl Into<String>) -> FieldError {
        FieldError::new(Problem::Forbidden, path, None, detail)
    }

    pub fn duplicate(path: &Path, value: impl Into<Value>) -> FieldError {
        FieldError::new(Problem::Duplicate, path, Some(value.into()), "")
    }

    pub fn not_found(path: &Path, value: impl Into<Value>) -> FieldError {
        FieldError::new(Problem::NotFound, path, Some(value.into()), "")
    }

    pub fn too_long(path: &Path, most: usize) -> FieldError {
        let bytes = if most == 1 { "byte" } else { "bytes" };
        FieldError::new(Problem::TooLong, path, None, format!("may not be more than {most} {bytes}"))
    }

    pub fn too_many(path: &Path, actual: usize, most: usize) -> FieldError {
        let items = if most == 1 { "item" } else { "items" };
        let detail = format!("must have at most {most} {items}");
        FieldError::new(Problem::TooMany, path, Some(Value::Int(actual as i64)), detail)
    }

    pub fn internal(path: &Path, detail: impl Into<String>) -> FieldError {
        FieldError::new(Problem::Internal, path, None, detail)
    }

    /// The message without the field's path.
    pub fn body(&self) -> String {
        let mut text = self.problem.words().to_string();
        if let (true, Some(value)) = (self.problem.shows_value(), &self.value) {
            text.push_str(": ");
            match value {
                Value::Str(s) => text.push_str(&quote(s)),
                Value::Float(number) => text.push_str(&go_float(*number)),
                other => text.push_str(&other.to_string()),
            }
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }

    pub fn cause(&self) -> Cause {
        Cause { reason: self.problem.reason().into(), message: self.body(), field: self.field.clone() }
    }
}

/// A string in double quotes with Go's escapes (`%q`).
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A float as Go's `%v` prints it: with an exponent from a million on.
pub fn go_float(number: f64) -> String {
    if number == 0.0 || (1e-4..1e6).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// All problems found, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorList(pub Vec<FieldError>);

impl ErrorList {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    pub fn extend(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// One text of all: the one, or the distinct ones in brackets.
    pub fn aggregate(&self) -> String {
        let mut seen: Vec<String> = Vec::new();
        for error in &self.0 {
            let text = error.to_string();
            if !seen.contains(&text) {
                seen.push(text);
            }
        }
        if seen.len() == 1 { seen.remove(0) } else { format!("[{}]", seen.join(", ")) }
    }
}

impl IntoIterator for ErrorList {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<FieldError> for ErrorList {
    fn from_iter<I: IntoIterator<Item = FieldError>>(errors: I) -> ErrorList {
        ErrorList(errors.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        for (number, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (-2.0, "-2"),
            (0.00001, "1e-05"),
            (123456789.0, "1.23456789e+08"),
            (100000.0, "100000"),
        ] {
            assert_eq!(go_float(number), text);
        }
    }

    #[test]
    fn reads_as_upstream_prints_it() {
        let path = Path::new("spec").field("x");
        let cases = [
            (FieldError::required(&path, ""), "spec.x: Required value"),
            (FieldError::invalid(&path, -1i64, "must be positive"), "spec.x: Invalid value: -1: must be positive"),
            (
                FieldError::not_supported(&path, "c", ["a", "b"]),
                r#"spec.x: Unsupported value: "c": supported values: "a", "b""#,
            ),
            (FieldError::too_many(&path, 3, 1), "spec.x: Too many: 3: must have at most 1 item"),
            (FieldError::duplicate(&path, "a\"b"), r#"spec.x: Duplicate value: "a\"b""#),
            (FieldError::forbidden(&path, "no"), "spec.x: Forbidden: no"),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }
}
