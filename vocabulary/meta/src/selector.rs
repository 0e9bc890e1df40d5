//! Label selectors and field selectors: parsing with upstream's grammar, matching, and printing.

use crate::{Labels, Value};
use compact_str::CompactString;
use std::collections::BTreeSet;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    In(CompactString, BTreeSet<CompactString>),
    NotIn(CompactString, BTreeSet<CompactString>),
    Exists(CompactString),
    DoesNotExist(CompactString),
    GreaterThan(CompactString, i64),
    LessThan(CompactString, i64),
}

impl Requirement {
    pub fn matches(&self, labels: &Labels) -> bool {
        let number = |key: &str| labels.get(key).and_then(|v| v.parse::<i64>().ok());
        match self {
            Requirement::In(key, values) => labels.get(key).is_some_and(|v| values.contains(v)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|v| !values.contains(v)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::DoesNotExist(key) => !labels.contains_key(key),
            Requirement::GreaterThan(key, bound) => number(key).is_some_and(|n| n > *bound),
            Requirement::LessThan(key, bound) => number(key).is_some_and(|n| n < *bound),
        }
    }

    /// The single `key=value` that this asks for, if it asks for one: what an index can answer.
    pub fn exact(&self) -> Option<(&str, &str)> {
        match self {
            Requirement::In(key, values) if values.len() == 1 => Some((key, values.first()?)),
            _ => None,
        }
    }
}

/// All requirements must hold; none means everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    pub requirements: Vec<Requirement>,
    nothing: bool,
}

impl LabelSelector {
    pub fn everything() -> LabelSelector {
        LabelSelector::default()
    }

    pub fn nothing() -> LabelSelector {
        LabelSelector { requirements: Vec::new(), nothing: true }
    }

    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty() && !self.nothing
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }

    pub fn from_equal<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> LabelSelector {
        let requirements =
            pairs.into_iter().map(|(k, v)| Requirement::In(k.into(), BTreeSet::from([v.into()]))).collect();
        LabelSelector { requirements, nothing: false }
    }

    /// From the API's `{matchLabels, matchExpressions}`. Absent matches nothing; empty matches everything.
    pub fn from_value(value: &Value) -> Result<LabelSelector, String> {
        if value.is_null() {
            return Ok(LabelSelector::nothing());
        }
        let equal = value.fields("matchLabels").map(|(k, v)| (k.as_str(), v.as_str().unwrap_or("")));
        let mut selector = LabelSelector::from_equal(equal);
        for expression in value.items("matchExpressions") {
            selector.requirements.push(requirement(expression)?);
        }
        Ok(selector)
    }

    /// From the text of `?labelSelector=`.
    pub fn parse(text: &str) -> Result<LabelSelector, String> {
        let requirements = Parser::new(text).requirements()?;
        Ok(LabelSelector { requirements, nothing: false })
    }
}

fn requirement(expression: &Value) -> Result<Requirement, String> {
    let key = CompactString::from(expression.str("key"));
    let values = || expression.items("values").iter().filter_map(Value::as_str).map(CompactString::from).collect();
    match expression.str("operator") {
        "In" => Ok(Requirement::In(key, values())),
        "NotIn" => Ok(Requirement::NotIn(key, values())),
        "Exists" => Ok(Requirement::Exists(key)),
        "DoesNotExist" => Ok(Requirement::DoesNotExist(key)),
        other => Err(format!("{other:?} is not a valid label selector operator")),
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<CompactString>| values.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(",");
        match self {
            Requirement::In(key, values) if values.len() == 1 => write!(f, "{key}={}", list(values)),
            Requirement::In(key, values) => write!(f, "{key} in ({})", list(values)),
            Requirement::NotIn(key, values) if values.len() == 1 => write!(f, "{key}!={}", list(values)),
            Requirement::NotIn(key, values) => write!(f, "{key} notin ({})", list(values)),
            Requirement::Exists(key) => write!(f, "{key}"),
            Requirement::DoesNotExist(key) => write!(f, "!{key}"),
            Requirement::GreaterThan(key, n) => write!(f, "{key}>{n}"),
            Requirement::LessThan(key, n) => write!(f, "{key}<{n}"),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parser<'a> {
        Parser { rest: text }
    }

    fn requirements(mut self) -> Result<Vec<Requirement>, String> {
        let mut found = Vec::new();
        if self.peek().is_empty() {
            return Ok(found);
        }
        loop {
            if !begins_requirement(self.peek()) {
                return Err(format!("found '{}', expected: !, identifier, or 'end of string'", self.peek()));
            }
            found.push(self.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?);
            match self.next() {
                "" => return Ok(found),
                "," if begins_requirement(self.peek()) => {}
                "," => return Err(format!("found '{}', expected: identifier after ','", self.peek())),
                other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        if self.peek() == "!" {
            self.next();
            return Ok(Requirement::DoesNotExist(self.key()?));
        }
        let key = self.key()?;
        match self.peek() {
            "" | "," => return Ok(Requirement::Exists(key)),
            _ => {}
        }
        match self.next() {
            "=" | "==" => Ok(Requirement::In(key, BTreeSet::from([self.value()?]))),
            "!=" => Ok(Requirement::NotIn(key, BTreeSet::from([self.value()?]))),
            "in" => Ok(Requirement::In(key, self.set()?)),
            "notin" => Ok(Requirement::NotIn(key, self.set()?)),
            ">" => Ok(Requirement::GreaterThan(key, self.number()?)),
            "<" => Ok(Requirement::LessThan(key, self.number()?)),
            other => Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    fn key(&mut self) -> Result<CompactString, String> {
        let key = self.next();
        if key.is_empty() || is_symbol(key) {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let problems = crate::names::qualified_name(key);
        if problems.is_empty() {
            return Ok(key.into());
        }
        // Upstream has no path for a key: Go prints that so.
        Err(format!("<nil>: Invalid value: {key:?}: {}", problems.join("; ")))
    }

    fn value(&mut self) -> Result<CompactString, String> {
        match self.peek() {
            "" | "," => return Ok("".into()),
            _ => {}
        }
        let value = self.next();
        if is_symbol(value) {
            return Err(format!("found '{value}', expected: identifier"));
        }
        checked_value(value)
    }

    fn number(&mut self) -> Result<i64, String> {
        let text = self.next();
        text.parse().map_err(|_| {
            format!("values[0]: Invalid value: {text:?}: for 'Gt', 'Lt' operators, the value must be an integer")
        })
    }

    fn set(&mut self) -> Result<BTreeSet<CompactString>, String> {
        match self.next() {
            "(" => {}
            other => return Err(format!("found '{other}' expected: '('")),
        }
        let mut values = BTreeSet::new();
        loop {
            match self.peek() {
                ")" | "," => values.insert("".into()),
                value if value.is_empty() || is_symbol(value) => {
                    return Err(format!("found '{value}', expected: ',', ')' or identifier"));
                }
                value => {
                    self.next();
                    values.insert(checked_value(value)?)
                }
            };
            match self.next() {
                ")" => return Ok(values),
                "," => {}
                other => return Err(format!("found '{other}', expected: ',' or ')'")),
            }
        }
    }

    fn peek(&self) -> &'a str {
        token(self.rest).0
    }

    fn next(&mut self) -> &'a str {
        let (token, rest) = token(self.rest);
        self.rest = rest;
        token
    }
}

fn checked_value(value: &str) -> Result<CompactString, String> {
    let problems = crate::names::label_value(value);
    if problems.is_empty() {
        return Ok(value.into());
    }
    Err(format!("values[0]: Invalid value: {value:?}: {}", problems.join("; ")))
}

fn begins_requirement(token: &str) -> bool {
    token == "!" || !(token.is_empty() || is_symbol(token))
}

fn is_symbol(token: &str) -> bool {
    matches!(token, "=" | "==" | "!=" | "!" | "<" | ">" | "(" | ")" | ",")
}

fn token(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    for symbol in ["==", "!=", "=", "!", "<", ">", "(", ")", ","] {
        if let Some(rest) = text.strip_prefix(symbol) {
            return (&text[..symbol.len()], rest);
        }
    }
    let end = text.find(|c: char| c.is_whitespace() || "=!<>(),".contains(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// `?fieldSelector=`: equalities and inequalities over the fields that a kind names selectable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(pub Vec<FieldRequirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    pub field: CompactString,
    pub equal: bool,
    pub value: CompactString,
}

impl FieldSelector {
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let mut found = Vec::new();
        for term in split_terms(text) {
            if term.is_empty() {
                continue;
            }
            let invalid = || format!("invalid selector: '{text}'; can't understand '{term}'");
            let at = term.find('=').ok_or_else(invalid)?;
            let (field, equal, value) = match (term[..at].strip_suffix('!'), term[at + 1..].strip_prefix('=')) {
                (Some(field), _) => (field, false, &term[at + 1..]),
                (None, Some(value)) => (&term[..at], true, value),
                (None, None) => (&term[..at], true, &term[at + 1..]),
            };
            found.push(FieldRequirement { field: field.into(), equal, value: unescape(value)? });
        }
        Ok(FieldSelector(found))
    }

    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every requirement holds, given what each field's value is.
    pub fn matches<'v>(&self, field: impl Fn(&str) -> Option<std::borrow::Cow<'v, str>>) -> bool {
        self.0.iter().all(|r| (field(&r.field).as_deref().unwrap_or("") == r.value) == r.equal)
    }

    pub fn exact(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|r| r.equal && r.field == field).map(|r| r.value.as_str())
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn unescape(value: &str) -> Result<CompactString, String> {
    let (mut out, mut chars) = (CompactString::default(), value.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                _ => return Err(format!("invalid field selector: invalid escape sequence in {value:?}")),
            },
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in {value:?}: {c}")),
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
    }

    #[test]
    fn label_selectors_match() {
        for (selector, of, expect) in [
            ("", "", true),
            ("a=b", "a=b", true),
            ("a==b,c!=d", "a=b", true),
            ("a=b", "a=c", false),
            ("a in (b,c)", "a=c", true),
            ("a notin (b,c)", "a=c", false),
            ("a notin (b,c)", "", true),
            ("!a", "a=b", false),
            ("a", "a=b", true),
            ("a>3", "a=4", true),
            ("a<3", "a=4", false),
            ("a=", "a=", true),
            ("a in (,x)", "a=", true),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap().matches(&labels(of)), expect, "{selector} on {of}");
        }
    }

    #[test]
    fn broken_selectors_are_refused() {
        for broken in ["a in b", "a in (b", ",", "a,", "a=b,,c", "(a)", "a ^ b", "=b"] {
            assert!(LabelSelector::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn complaints_are_upstreams() {
        for (broken, complaint) in [
            ("(a)", "found '(', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ] {
            assert_eq!(LabelSelector::parse(broken).unwrap_err(), complaint);
        }
        assert_eq!(FieldSelector::parse("a").unwrap_err(), "invalid selector: 'a'; can't understand 'a'");
    }

    #[test]
    fn field_selectors_match() {
        let object = |field: &str| match field {
            "metadata.name" => Some("x,y".into()),
            "spec.nodeName" => Some("n1".into()),
            _ => None,
        };
        for (selector, expect) in [
            ("", true),
            ("spec.nodeName=n1", true),
            ("spec.nodeName==n1,metadata.name!=z", true),
            ("metadata.name=x\\,y", true),
            ("spec.nodeName!=n1", false),
        ] {
            assert_eq!(FieldSelector::parse(selector).unwrap().matches(object), expect, "{selector}");
        }
        assert!(FieldSelector::parse("abc").is_err());
    }
}
