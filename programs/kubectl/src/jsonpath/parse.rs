//! A template's text to its parts.

use super::{Node, Part};
use meta::Value;

pub fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut flat = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            flat.push(Flat::Text(rest[..open].to_string()));
        }
        let mut reader = Reader { rest: &rest[open + 1..], nodes: Vec::new(), word: None, whole: false };
        reader.read()?;
        flat.push(Flat::Action(reader.word, reader.nodes));
        rest = reader.rest;
    }
    if !rest.is_empty() {
        flat.push(Flat::Text(rest.to_string()));
    }
    nest(&mut flat.into_iter(), 0)
}

enum Flat {
    Text(String),
    Action(Option<String>, Vec<Node>),
}

fn nest(flat: &mut dyn Iterator<Item = Flat>, depth: usize) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some(next) = flat.next() {
        parts.push(match next {
            Flat::Text(text) => Part::Text(text),
            Flat::Action(None, nodes) => Part::Action(nodes),
            Flat::Action(Some(word), nodes) => match word.as_str() {
                "range" => Part::Range(nodes, nest(flat, depth + 1)?),
                "end" if depth > 0 => return Ok(parts),
                "end" => return Err("not in range, nothing to end".into()),
                _ => Part::Action(vec![Node::Unknown(word)]),
            },
        });
    }
    Ok(parts)
}

struct Reader<'t> {
    rest: &'t str,
    nodes: Vec<Node>,
    /// `range`, `end`
    word: Option<String>,
    /// The text is one path rather than the inside of braces: its end ends the action.
    whole: bool,
}

/// What stands alone, such as the side of a comparison.
fn path(text: &str) -> Result<Vec<Node>, String> {
    let mut reader = Reader { rest: text, nodes: Vec::new(), word: None, whole: true };
    reader.read()?;
    if let Some(word) = reader.word {
        reader.nodes.push(Node::Unknown(word));
    }
    Ok(reader.nodes)
}

impl<'t> Reader<'t> {
    fn read(&mut self) -> Result<(), String> {
        loop {
            let Some(letter) = self.rest.chars().next() else {
                return if self.whole { Ok(()) } else { Err("unclosed action".into()) };
            };
            let after = &self.rest[letter.len_utf8()..];
            match letter {
                '}' if !self.whole => {
                    self.rest = after;
                    return Ok(());
                }
                '\n' | '\r' => return Err("unclosed action".into()),
                ' ' | '@' | '$' => self.rest = after,
                '[' if self.rest.starts_with("[?(") => self.filter()?,
                '[' => self.array()?,
                '"' | '\'' => self.quote(letter)?,
                '.' if self.rest.starts_with("..") => self.recursive()?,
                '.' => {
                    self.rest = after;
                    self.field();
                }
                '+' | '-' | '0'..='9' => self.number()?,
                letter if letter.is_alphanumeric() || letter == '_' => self.identifier(),
                letter => return Err(format!("unrecognized character in action: U+{:04X} '{letter}'", letter as u32)),
            }
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn recursive(&mut self) -> Result<(), String> {
        if matches!(self.nodes.last(), Some(Node::Recursive)) {
            return Err("invalid multiple recursive descent".into());
        }
        self.take(2);
        self.nodes.push(Node::Recursive);
        if self.rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            self.field();
        }
        Ok(())
    }

    /// Up to what ends a name; a backslash takes the next letter into it.
    fn field(&mut self) {
        let (mut name, mut escaped, mut end) = (String::new(), false, self.rest.len());
        for (at, letter) in self.rest.char_indices() {
            match letter {
                letter if escaped => {
                    name.push(letter);
                    escaped = false;
                }
                '\\' => escaped = true,
                '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' | ' ' | '\t' | '\n' | '\r' => {
                    end = at;
                    break;
                }
                letter => name.push(letter),
            }
        }
        self.take(end);
        self.nodes.push(if name == "*" { Node::Every } else { Node::Field(name) });
    }

    fn number(&mut self) -> Result<(), String> {
        let digits =
            self.rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(self.rest.len(), |at| at + 1);
        let text = self.take(digits);
        let number = text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float));
        self.nodes.push(Node::Constant(number.map_err(|_| format!("cannot parse number {text}"))?));
        Ok(())
    }

    fn identifier(&mut self) {
        let ends = |c: char| matches!(c, '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' | ' ' | '\t' | '\n' | '\r');
        let word = self.take(self.rest.find(ends).unwrap_or(self.rest.len()));
        match word {
            "true" | "false" => self.nodes.push(Node::Constant(Value::Bool(word == "true"))),
            word => self.word = Some(word.to_string()),
        }
    }

    fn quote(&mut self, quote: char) -> Result<(), String> {
        let mut escaped = false;
        for (at, letter) in self.rest.char_indices().skip(1) {
            match letter {
                '\n' => break,
                letter if letter == quote && !escaped => {
                    let text = self.take(at + 1);
                    self.nodes.push(Node::Literal(unescape(&text[1..at]).into()));
                    return Ok(());
                }
                letter => escaped = letter == '\\' && !escaped,
            }
        }
        Err("unterminated quoted string".into())
    }

    fn array(&mut self) -> Result<(), String> {
        let end = self.rest.find([']', '\n']).filter(|at| self.rest[*at..].starts_with(']'));
        let inside = self.take(end.ok_or("unterminated array")? + 1);
        let inside = &inside[1..inside.len() - 1];
        let mut parts = inside.split(',');
        match (parts.next(), parts.next()) {
            (Some(only), None) => self.nodes.extend(index(only)?),
            _ => {
                let paths: Result<Vec<Vec<Node>>, String> =
                    inside.split(',').map(|part| index(part.trim_matches(' '))).collect();
                self.nodes.push(Node::Union(paths?));
            }
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<(), String> {
        let end = filter_end(&self.rest[3..]).ok_or("unterminated filter")?;
        let text = &self.rest[3..3 + end];
        self.take(3 + end + 1);
        if !self.rest.starts_with(']') {
            return Err("unclosed array expect ]".into());
        }
        self.take(1);
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let split = text.find(is_operator).filter(|at| *at > 0);
        self.nodes.push(match split {
            None => Node::Filter { left: path(text)?, operator: "exists".into(), right: Vec::new() },
            Some(at) => {
                let right = text[at..].find(|c| !is_operator(c)).map_or(text.len(), |length| at + length);
                Node::Filter {
                    left: path(&text[..at])?,
                    operator: text[at..right].into(),
                    right: path(&text[right..])?,
                }
            }
        });
        Ok(())
    }
}

/// Where the parenthesis closes; those in quotes do not count.
fn filter_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (_, '\n') => return None,
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ')') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The inside of brackets: a quoted name, a place, or a slice.
fn index(text: &str) -> Result<Vec<Node>, String> {
    if let Some(name) = text.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')) {
        return path(&format!(".{name}"));
    }
    let text = if text == "*" { ":" } else { text };
    let invalid = || format!("invalid array index {text}");
    let mut bounds = [None; 3];
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 || text.is_empty() {
        return Err(invalid());
    }
    for (bound, part) in bounds.iter_mut().zip(&parts) {
        if !part.is_empty() {
            *bound = Some(part.parse().map_err(|_| invalid())?);
        }
    }
    let single = parts.len() == 1;
    if single {
        bounds[1] = bounds[0].map(|first: i64| first + 1);
    }
    Ok(vec![Node::Slice(bounds, single)])
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => out.push(match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            (letter, false) => out.push(letter),
        }
    }
    out
}
