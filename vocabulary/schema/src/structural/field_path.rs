//! Paths of fields as definitions write them: `.spec.size`, `.spec['a.b']`. Each step is one that the schema has.

use super::words::{kind, schema_at};
use meta::{Cursor, ErrorList, FieldError, Path, Value};

/// As many fields may be named for selectors.
const MOST_SELECTABLE: usize = 8;

/// The path and the schema of what stands there; upstream's complaint where there is none.
pub fn resolve<'v>(text: &str, schema: &'v Value, brackets: bool) -> Result<(Path, &'v Value), String> {
    let mut rest = text;
    let mut found = (Path::root(), schema);
    while !rest.is_empty() {
        let (name, after) = step(rest, brackets)?;
        found = enter(&found, &name)?;
        rest = after;
    }
    Ok(found)
}

/// The next name and what follows it.
fn step(text: &str, brackets: bool) -> Result<(String, &str), String> {
    let end = || "unexpected end of JSON path".to_string();
    let (token, rest) = token(text);
    match token {
        "." => {
            let (name, rest) = self::token(rest);
            if name.is_empty() { Err(end()) } else { Ok((name.to_string(), rest)) }
        }
        "[" if !brackets => Err("array notation is not allowed".to_string()),
        "[" => {
            let (quoted, rest) = self::token(rest);
            let (close, rest) = self::token(rest);
            match (unquoted(quoted), close) {
                _ if quoted.is_empty() || close.is_empty() => Err(end()),
                (None, _) => Err(format!("expected single quoted string but got {quoted}")),
                (Some(name), "]") => Ok((name, rest)),
                (Some(_), other) => Err(format!("expected ] but got {other}")),
            }
        }
        other => Err(format!("expected [ or . but got: {other}")),
    }
}

/// A delimiter, a text in single quotes, or all up to the next delimiter.
fn token(text: &str) -> (&str, &str) {
    let is_delimiter = |c: char| matches!(c, '.' | '[' | ']');
    let end = match text.chars().next() {
        Some(c) if is_delimiter(c) => 1,
        Some('\'') => {
            let bytes = text.as_bytes();
            (1..bytes.len()).find(|at| bytes[*at] == b'\'' && bytes[at - 1] != b'\\').map_or(text.len(), |at| at + 1)
        }
        _ => text.find(is_delimiter).unwrap_or(text.len()),
    };
    text.split_at(end)
}

fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("\\'", "'").replace("\\\\", "\\"))
}

fn enter<'v>((path, schema): &(Path, &'v Value), name: &str) -> Result<(Path, &'v Value), String> {
    let unknown = || "does not refer to a valid field".to_string();
    if !schema.get("properties").is_empty() {
        let property = schema_at(schema.get("properties"), name).ok_or_else(unknown)?;
        return Ok((path.field(name), property));
    }
    let values = schema_at(schema, "additionalProperties").ok_or_else(unknown)?;
    Ok((path.key(name), values))
}

/// What is wrong with the fields that a version's `selectableFields` name.
pub fn check_selectable(fields: &Cursor<'_>, schema: &Value) -> ErrorList {
    let mut errors = ErrorList::default();
    let mut known: Vec<String> = Vec::new();
    for field in fields.items() {
        let at = field.at("jsonPath");
        if at.str().is_empty() {
            errors.push(FieldError::required(&at.path, ""));
            continue;
        }
        match resolve(at.str(), schema, false) {
            Err(why) => errors.push(FieldError::invalid(&at.path, at.str(), format!("is an invalid path: {why}"))),
            Ok((path, found)) => check_one(&at, &path.to_string(), found, &mut known, &mut errors),
        }
    }
    if known.len() > MOST_SELECTABLE {
        errors.push(FieldError::too_many(&fields.path, known.len(), MOST_SELECTABLE));
    }
    errors
}

fn check_one(at: &Cursor<'_>, path: &str, found: &Value, known: &mut Vec<String>, errors: &mut ErrorList) {
    if path.split('.').next() == Some("metadata") {
        errors.push(FieldError::invalid(&at.path, at.str(), "must not point to fields in metadata"));
    }
    if !matches!(kind(found), "string" | "boolean" | "integer") {
        let detail = "must point to a field of type string, boolean or integer. \
                      Enum string fields and strings with formats are allowed.";
        errors.push(FieldError::invalid(&at.path, at.str(), detail));
    }
    match known.iter().any(|known| known == path) {
        true => errors.push(FieldError::duplicate(&at.path, at.str())),
        false => known.push(path.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn schema() -> Value {
        value!({"type": "object", "properties": {
            "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
            "spec": {"type": "object", "properties": {
                "size": {"type": "integer"}, "a.b": {"type": "string"}, "list": {"type": "array"},
                "map": {"type": "object", "additionalProperties": {"type": "string"}}}}}})
    }

    #[test]
    fn paths() {
        let check = |text: &str, expect: Result<&str, &str>| {
            let schema = schema();
            let found = resolve(text, &schema, true).map(|(path, _)| path.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expect, "{text}");
        };
        check(".spec.size", Ok("spec.size"));
        check(".spec['a.b']", Ok("spec.a.b"));
        check(".spec.map['x']", Ok("spec.map[x]"));
        check("spec", Err("expected [ or . but got: spec"));
        check(".spec.none", Err("does not refer to a valid field"));
        check(".spec.size.x", Err("does not refer to a valid field"));
        check(".spec.", Err("unexpected end of JSON path"));
        check(".spec[0]", Err("expected single quoted string but got 0"));
        check(".spec['size'", Err("unexpected end of JSON path"));
    }

    #[test]
    fn selectable_fields() {
        let fields = value!([{"jsonPath": ".spec.size"}, {"jsonPath": ".spec.size"}, {"jsonPath": ".metadata.name"},
            {"jsonPath": ".spec.list"}, {"jsonPath": ".spec['a.b']"}, {}]);
        let errors = check_selectable(&Cursor::new(&fields, Path::new("f")), &schema());
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                r#"f[1].jsonPath: Duplicate value: ".spec.size""#,
                r#"f[2].jsonPath: Invalid value: ".metadata.name": must not point to fields in metadata"#,
                r#"f[3].jsonPath: Invalid value: ".spec.list": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."#,
                r#"f[4].jsonPath: Invalid value: ".spec['a.b']": is an invalid path: array notation is not allowed"#,
                "f[5].jsonPath: Required value",
            ]
        );
    }
}
