//! YAML to JSON values as Go's YAML library makes them: YAML 1.1's words for booleans, the first document only, the last
//! of repeated keys. Bounded in depth and in what aliases may multiply.

mod scalar;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use meta::{CompactString, Map, Value};
use scalar::{Scalar, resolve};
use std::collections::HashMap;
use std::fmt;

const MAX_DEPTH: usize = 200;
/// Values that one document may hold, those behind aliases counted each time.
const MOST_VALUES: usize = 1_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct YamlError(pub String);

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for YamlError {}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    pub value: Value,
    pub duplicates: Vec<Repeated>,
}

/// A key that stood in its map before.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeated {
    pub line: usize,
    pub key: CompactString,
}

/// What strict decoding says of repeated keys, as one text.
pub fn repeated(keys: &[Repeated]) -> Option<String> {
    let line = |key: &Repeated| format!("\n  line {}: key {} already set in map", key.line, meta::quote(&key.key));
    (!keys.is_empty()).then(|| format!("yaml: unmarshal errors:{}", keys.iter().map(line).collect::<String>()))
}

pub fn parse(text: &[u8]) -> Result<Parsed, YamlError> {
    let text = std::str::from_utf8(text).map_err(|_| YamlError("yaml: invalid leading UTF-8 octet".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        open_end: (!text.ends_with('\n')).then(|| text.chars().count()),
        anchors: HashMap::new(),
        duplicates: Vec::new(),
        values: 0,
    };
    let value = reader.document()?;
    Ok(Parsed { value, duplicates: reader.duplicates })
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// The length in characters of a text whose last line does not end.
    open_end: Option<usize>,
    anchors: HashMap<usize, Anchored>,
    duplicates: Vec<Repeated>,
    values: usize,
}

struct Anchored {
    node: Node,
    size: usize,
}

/// A value, or what only a key may be.
#[derive(Clone)]
enum Node {
    Value(Value),
    /// A plain `<<`.
    Merge,
}

type Spanned<'t> = (Event<'t>, Span);

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Spanned<'t>, YamlError> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(syntax(&error)),
                None => return Err(YamlError("yaml: unexpected end of stream".into())),
            }
        }
    }

    fn document(&mut self) -> Result<Value, YamlError> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Value::Null),
                event => return self.value(event, 0),
            }
        }
    }

    fn value(&mut self, event: Spanned<'t>, depth: usize) -> Result<Value, YamlError> {
        match self.node(event, depth)? {
            Node::Value(value) => Ok(value),
            Node::Merge => Ok(Value::from("<<")),
        }
    }

    fn node(&mut self, (event, span): Spanned<'t>, depth: usize) -> Result<Node, YamlError> {
        let before = self.values;
        self.count(1)?;
        if depth > MAX_DEPTH {
            return Err(YamlError("yaml: exceeded max depth".into()));
        }
        let (node, anchor) = match event {
            Event::Alias(id) => return self.alias(id),
            Event::Scalar(text, style, anchor, tag) => {
                let text = self.without_missing_break(&text, style, &span);
                (scalar_node(text, style, tag.as_deref(), &span)?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (Node::Value(self.list(depth)?), anchor),
            Event::MappingStart(_, anchor, _) => (Node::Value(self.map(depth)?), anchor),
            _ => return Err(at(&span, "did not find expected node content")),
        };
        if anchor != 0 {
            let size = self.values - before;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
        }
        Ok(node)
    }

    /// A block's last line has a break only where the text has one.
    fn without_missing_break<'s>(&self, text: &'s str, style: ScalarStyle, span: &Span) -> &'s str {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        match is_block && self.open_end.is_some_and(|end| span.end.index() >= end) {
            true => text.strip_suffix('\n').unwrap_or(text),
            false => text,
        }
    }

    fn count(&mut self, more: usize) -> Result<(), YamlError> {
        self.values += more;
        match self.values > MOST_VALUES {
            true => Err(YamlError("yaml: document contains excessive aliasing".into())),
            false => Ok(()),
        }
    }

    fn alias(&mut self, id: usize) -> Result<Node, YamlError> {
        let Some(Anchored { node, size }) = self.anchors.get(&id) else {
            return Err(YamlError("yaml: anchor value contains itself".into()));
        };
        let (node, size) = (node.clone(), *size);
        self.count(size)?;
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                event => items.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut map = Map::default();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Map(map));
            }
            let line = span.start.line();
            let key = self.node((event, span), depth + 1)?;
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            match key {
                Node::Merge => merge(&mut map, value)?,
                Node::Value(key) => {
                    let key = key_text(key)?;
                    if map.insert(key.clone(), value).is_some() {
                        self.duplicates.push(Repeated { line, key });
                    }
                }
            }
        }
    }
}

fn scalar_node(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Node, YamlError> {
    let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
    match resolve(text, style == ScalarStyle::Plain, tag.as_deref()) {
        Ok(Scalar::Value(value)) => Ok(Node::Value(value)),
        Ok(Scalar::Merge) => Ok(Node::Merge),
        Err(why) => Err(at(span, &why)),
    }
}

/// The fields of a map, or of a list of maps of which earlier ones win.
fn merge(map: &mut Map, from: Value) -> Result<(), YamlError> {
    match from {
        Value::Map(fields) => {
            fields.into_iter().for_each(|(name, value)| _ = map.insert(name, value));
            Ok(())
        }
        Value::List(maps) if maps.iter().all(|item| item.as_map().is_some()) => {
            maps.into_iter().rev().try_for_each(|item| merge(map, item))
        }
        _ => Err(YamlError("yaml: map merge requires map or sequence of maps as the value".into())),
    }
}

fn key_text(key: Value) -> Result<CompactString, YamlError> {
    match key {
        Value::Str(text) => Ok(text),
        Value::Bool(_) | Value::Int(_) => Ok(CompactString::from(key.to_string())),
        Value::Float(number) => Ok(CompactString::from((number as f32).to_string())),
        other => Err(YamlError(format!("yaml: invalid map key: {other}"))),
    }
}

fn syntax(error: &ScanError) -> YamlError {
    YamlError(format!("yaml: line {}: {}", error.marker().line(), error.info()))
}

fn at(span: &Span, why: &str) -> YamlError {
    YamlError(format!("yaml: line {}: {why}", span.start.line()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn check(text: &str, expect: Value) {
        assert_eq!(parse(text.as_bytes()).map(|parsed| parsed.value), Ok(expect), "{text}");
    }

    #[test]
    fn becomes_json() {
        check("", Value::Null);
        check("a: [1, 'x', {b: ~}]\n# end\n", value!({"a": [1i64, "x", {"b": null}]}));
        check("1: a\ntrue: b\n1.5: c\n", value!({"1": "a", "true": "b", "1.5": "c"}));
        check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", value!({"a": "x\ny\n", "b": "x y"}));
        check("a: |\n  x\n  y", value!({"a": "x\ny"}));
        check("a: |\n  x\nb: >\n  y\n  z", value!({"a": "x\n", "b": "y z"}));
        check("---\na: 1\n---\nb: 2\n", value!({"a": 1i64}));
        check(r#"{"a": {"b": [true, null, 1.5]}}"#, value!({"a": {"b": [true, null, 1.5f64]}}));
    }

    #[test]
    fn anchors_and_merges() {
        check("a: &x {b: 1, c: 2}\nd: *x\n", value!({"a": {"b": 1i64, "c": 2i64}, "d": {"b": 1i64, "c": 2i64}}));
        check(
            "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
            value!({"a": {"b": 1i64, "c": 2i64}, "d": {"b": 1i64, "c": 3i64}}),
        );
    }

    #[test]
    fn repeated_keys_are_named() {
        let parsed = parse(b"a: 1\nb: 2\na: 3\n").unwrap();
        assert_eq!(parsed.value, value!({"a": 3i64, "b": 2i64}));
        assert_eq!(
            repeated(&parsed.duplicates).unwrap(),
            "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map"
        );
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
        for n in 1..10 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert_eq!(parse(bomb.as_bytes()).unwrap_err().0, "yaml: document contains excessive aliasing");
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"a: &x [*x]\n").is_err());
        assert!(parse(b"a: \xff").is_err());
    }
}
