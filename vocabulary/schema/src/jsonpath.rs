//! The JSON paths of custom resource definitions: fields, indexes, wildcards and simple filters.
//! `.status.conditions[?(@.type=="Ready")].status`, `.metadata.annotations.example\.com/x`, `.spec.list[0]`.

use meta::{CompactString, Value};
use std::fmt;

/// Filters hold paths with filters, so that length bounds depth.
const MOST_BYTES: usize = 4096;

#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(CompactString),
    Index(i64),
    Every,
    Filter { path: JsonPath, equal: bool, value: Value },
}

#[derive(Clone, Debug, PartialEq)]
pub struct PathError(String);

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PathError {}

impl JsonPath {
    pub fn parse(text: &str) -> Result<JsonPath, PathError> {
        if text.len() > MOST_BYTES {
            return Err(PathError(format!("a path may have at most {MOST_BYTES} bytes")));
        }
        let mut rest = text.trim().trim_start_matches('$');
        let mut steps = Vec::new();
        while !rest.is_empty() {
            rest = match rest.as_bytes()[0] {
                b'.' => field(&rest[1..], &mut steps),
                b'[' => bracket(rest, &mut steps)?,
                _ => return Err(PathError(format!("unexpected {rest:?} in path {text:?}"))),
            };
        }
        Ok(JsonPath(steps))
    }

    /// All values at this path.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.0.iter().fold(vec![value], |here, step| here.into_iter().flat_map(|value| step.follow(value)).collect())
    }
}

/// A field's name up to the next dot or bracket; a backslash takes either into the name.
fn field<'t>(text: &'t str, steps: &mut Vec<Step>) -> &'t str {
    let (mut name, mut escaped) = (CompactString::default(), false);
    let mut end = text.len();
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => {
                name.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '.' | '[' => {
                end = i;
                break;
            }
            c => name.push(c),
        }
    }
    match name.as_str() {
        "" => {}
        "*" => steps.push(Step::Every),
        _ => steps.push(Step::Field(name)),
    }
    &text[end..]
}

fn bracket<'t>(text: &'t str, steps: &mut Vec<Step>) -> Result<&'t str, PathError> {
    let bad = || PathError(format!("unterminated or unknown bracket at {text:?}"));
    let end = closing(text).ok_or_else(bad)?;
    let inside = text[1..end].trim();
    let step = match inside {
        "*" => Step::Every,
        _ if inside.starts_with("?(") => {
            filter(inside.strip_prefix("?(").and_then(|f| f.strip_suffix(')')).ok_or_else(bad)?)?
        }
        _ => match (inside.parse(), literal(inside)) {
            (Ok(index), _) => Step::Index(index),
            (_, Some(Value::Str(name))) => Step::Field(name),
            _ => return Err(bad()),
        },
    };
    steps.push(step);
    Ok(&text[end + 1..])
}

/// Where the bracket that opens the text is closed; quoted ones do not count.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

fn filter(text: &str) -> Result<Step, PathError> {
    let bad = || PathError(format!("unknown filter {text:?}"));
    let (left, right, equal) = match (text.split_once("=="), text.split_once("!=")) {
        (Some((left, right)), _) => (left, right, true),
        (None, Some((left, right))) => (left, right, false),
        (None, None) => return Err(bad()),
    };
    let path = JsonPath::parse(left.trim().strip_prefix('@').ok_or_else(bad)?)?;
    let value = literal(right.trim()).ok_or_else(bad)?;
    Ok(Step::Filter { path, equal, value })
}

fn literal(text: &str) -> Option<Value> {
    let quoted = ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q));
    match (quoted, text) {
        (Some(text), _) => Some(Value::from(text)),
        (None, "true") => Some(Value::Bool(true)),
        (None, "false") => Some(Value::Bool(false)),
        (None, number) => number.parse().map(Value::Int).or_else(|_| number.parse().map(Value::Float)).ok(),
    }
}

impl Step {
    fn follow<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Step::Field(name), Value::Map(map)) => map.get(name).into_iter().collect(),
            (Step::Every, Value::Map(map)) => map.iter().map(|(_, value)| value).collect(),
            (Step::Every, Value::List(items)) => items.iter().collect(),
            (Step::Index(index), Value::List(items)) => {
                let at = if *index < 0 { items.len() as i64 + index } else { *index };
                usize::try_from(at).ok().and_then(|at| items.get(at)).into_iter().collect()
            }
            (Step::Filter { path, equal, value: wanted }, Value::List(items)) => {
                let holds = |item: &&Value| path.find(item).first().is_some_and(|found| (*found == wanted) == *equal);
                items.iter().filter(holds).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn paths_find_what_they_name() {
        let object = value!({"spec": {"replicas": 3i64, "list": ["a", "b"]},
            "metadata": {"annotations": {"example.com/x": "y"}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]}});
        for (path, expect) in [
            (".spec.replicas", "3"),
            ("$.spec.list[1]", "\"b\""),
            (".spec.list[-1]", "\"b\""),
            (".spec.list[*]", "\"a\" \"b\""),
            (".metadata.annotations.example\\.com/x", "\"y\""),
            (".metadata.annotations['example.com/x']", "\"y\""),
            (".status.conditions[?(@.type==\"Ready\")].status", "\"True\""),
            (".status.conditions[?(@.type != 'Ready')].status", "\"False\""),
            (".spec.absent.deeper", ""),
        ] {
            let found = JsonPath::parse(path).unwrap();
            let found: Vec<String> = found.find(&object).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expect, "{path}");
        }
        for broken in ["spec", ".a[", ".a[?(x)]", ".a[b]"] {
            assert!(JsonPath::parse(broken).is_err(), "{broken}");
        }
    }
}
