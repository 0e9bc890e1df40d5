//! YAML as Go's library writes it: keys in their natural order, lists not indented, long lines folded at eighty.

mod scalar;

use meta::{Map, Value};
use std::cmp::Ordering;

pub fn write(value: &Value) -> String {
    let mut out = Out::default();
    out.node(value, 0, Place::Top);
    if !out.text.ends_with('\n') {
        out.text.push('\n');
    }
    out.text
}

#[derive(Default)]
struct Out {
    text: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    /// After `key:`
    Field,
    /// After `- `
    Item,
}

impl Out {
    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        match value {
            Value::Map(fields) if !fields.is_empty() => self.map(fields, indent, place),
            Value::List(items) if !items.is_empty() => self.list(items, indent, place),
            scalar => {
                if place == Place::Field {
                    self.text.push(' ');
                }
                self.scalar(scalar, indent);
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Str(text) => {
                let column = self.column();
                let written = scalar::value(text, column, indent);
                self.text.push_str(&written);
            }
            Value::Map(_) => self.text.push_str("{}"),
            Value::List(_) => self.text.push_str("[]"),
            Value::Float(number) => self.text.push_str(&meta::go_float(*number)),
            other => self.text.push_str(&other.to_string()),
        }
        self.text.push('\n');
    }

    fn column(&self) -> usize {
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        self.text[start..].chars().count()
    }

    fn map(&mut self, fields: &Map, indent: usize, place: Place) {
        let indent = if place == Place::Field { indent + 2 } else { indent };
        if place == Place::Field {
            self.text.push('\n');
        }
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| natural(a, b));
        for (number, (name, value)) in sorted.into_iter().enumerate() {
            if number > 0 || place != Place::Item {
                self.text.extend(std::iter::repeat_n(' ', indent));
            }
            self.text.push_str(&scalar::key(name));
            self.text.push(':');
            self.node(value, indent, Place::Field);
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, place: Place) {
        if place == Place::Field {
            self.text.push('\n');
        }
        for (number, item) in items.iter().enumerate() {
            if number > 0 || place != Place::Item {
                self.text.extend(std::iter::repeat_n(' ', indent));
            }
            self.text.push_str("- ");
            self.node(item, item_indent(item, indent), Place::Item);
        }
    }
}

/// What is inside an item stands behind its dash; a scalar's further lines too.
fn item_indent(item: &Value, indent: usize) -> usize {
    if matches!(item, Value::Map(_) | Value::List(_)) { indent + 2 } else { indent }
}

/// Letters after everything else, numbers by their size.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut in_digits = false;
    for at in 0..a.len().min(b.len()) {
        if a[at] == b[at] {
            in_digits = a[at].is_ascii_digit();
            continue;
        }
        return match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
            (true, true) => a[at].cmp(&b[at]),
            (true, false) if in_digits => Ordering::Less,
            (false, true) if in_digits => Ordering::Greater,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => numbers(&a, &b, at),
        };
    }
    a.len().cmp(&b.len())
}

fn numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    let number = |letters: &[char]| -> (u64, usize) {
        let digits = letters[at..].iter().take_while(|letter| letter.is_ascii_digit());
        let begin = u64::from(after_digits(letters, at) && (a[at] == '0' || b[at] == '0'));
        digits.fold((begin, at), |(number, end), digit| {
            (number.saturating_mul(10).saturating_add(u64::from(*digit as u32 - '0' as u32)), end + 1)
        })
    };
    number(a).cmp(&number(b)).then(a[at].cmp(&b[at]))
}

fn after_digits(letters: &[char], at: usize) -> bool {
    letters[..at].iter().rev().take_while(|letter| letter.is_ascii_digit()).any(|letter| *letter != '0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn values_are_written_as_go_writes_them() {
        let deep = value!({
            "apiVersion": "v1",
            "data": {"a": "x\ny\n", "b": "no newline\nat end", "n10": "1", "n9": "true", "e": ""},
            "list": [{"a": 1i64, "b": [1i64, 2i64]}, "s", [], {}],
            "time": "2026-01-02T03:04:05Z",
            "quoted": "a: b", "plain": "a:b", "nothing": null, "tick": "it's # fine",
            "both": "'x' and: y"
        });
        let expect = "apiVersion: v1\nboth: '''x'' and: y'\ndata:\n  a: |\n    x\n    y\n  b: |-\n    no newline\n    at end\n  e: \"\"\n  \
             n9: \"true\"\n  n10: \"1\"\nlist:\n- a: 1\n  b:\n  - 1\n  - 2\n- s\n- []\n- {}\nnothing: null\n\
             plain: a:b\nquoted: 'a: b'\ntick: 'it''s # fine'\ntime: \"2026-01-02T03:04:05Z\"\n";
        assert_eq!(write(&deep), expect);
    }

    #[test]
    fn long_lines_are_folded() {
        let text = "word ".repeat(20);
        let expect = format!("message: {}\n  word word word word word\n", "word ".repeat(15).trim_end());
        assert_eq!(write(&value!({"message": (text.trim_end())})), expect);
    }
}
