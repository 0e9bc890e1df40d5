//! A regular expression in Go's dialect, compiled once, when it is first needed.

use meta::CompactString;
use regex::Regex;
use std::sync::OnceLock;

#[derive(Clone, Debug, Default)]
pub struct Pattern {
    text: CompactString,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub fn new(text: impl Into<CompactString>) -> Pattern {
        Pattern { text: text.into(), compiled: OnceLock::new() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// None where the text is no regular expression.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

/// The complaint is one line.
pub fn compile(text: &str) -> Result<Regex, String> {
    Regex::new(&translated(text)).map_err(|error| {
        let error = error.to_string();
        let why = match error.lines().last().unwrap_or_default().trim_start_matches("error: ") {
            "unclosed group" => "missing closing )",
            "unopened group" => "unexpected )",
            other => other,
        };
        format!("error parsing regexp: {why}: `{text}`")
    })
}

/// Go's classes know ASCII alone, its brackets do not nest in classes, and a brace that counts nothing is a brace.
fn translated(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => escape(rest, in_class, &mut out),
            '[' if in_class => open_in_class(rest, &mut out),
            '[' => {
                in_class = true;
                open_class(rest, &mut out)
            }
            ']' => {
                in_class = false;
                push(']', &mut out)
            }
            '{' if !in_class && !counts(rest) => push_escaped('{', &mut out),
            '&' | '~' if in_class => push_escaped(c, &mut out),
            '-' if in_class && rest.starts_with("--") => push_escaped(c, &mut out),
            _ => push(c, &mut out),
        };
        rest = &rest[length..];
    }
    out
}

fn push(c: char, out: &mut String) -> usize {
    out.push(c);
    c.len_utf8()
}

fn push_escaped(c: char, out: &mut String) -> usize {
    out.push('\\');
    push(c, out)
}

/// A class may begin with its negation and with a bracket that stands for itself.
fn open_class(text: &str, out: &mut String) -> usize {
    let head = ["[^]", "[]", "[^"].into_iter().find(|head| text.starts_with(head)).unwrap_or("[");
    match head.strip_suffix(']') {
        Some(open) => {
            out.push_str(open);
            out.push_str("\\]");
        }
        None => out.push_str(head),
    }
    head.len()
}

/// A named class, such as `[:alpha:]`, or a bracket that stands for itself.
fn open_in_class(text: &str, out: &mut String) -> usize {
    match text.strip_prefix("[:").and_then(|named| named.find(":]")) {
        Some(end) => {
            let length = end + 4;
            out.push_str(&text[..length]);
            length
        }
        None => push_escaped('[', out),
    }
}

fn escape(text: &str, in_class: bool, out: &mut String) -> usize {
    let Some(c) = text[1..].chars().next() else { return push('\\', out) };
    let class = match c {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\x0c\r ",
        'D' => "^0-9",
        'W' => "^0-9A-Za-z_",
        'S' => r"^\t\n\x0c\r ",
        'b' if !in_class => {
            out.push_str(r"(?-u:\b)");
            return 2;
        }
        'Q' => return quoted(text, out),
        '<' | '>' => return 1 + push(c, out),
        _ => {
            out.push('\\');
            return 1 + push(c, out);
        }
    };
    if in_class && !class.starts_with('^') {
        out.push_str(class);
    } else {
        out.push('[');
        out.push_str(class);
        out.push(']');
    }
    2
}

/// `\Q...\E`: all between stands for itself.
fn quoted(text: &str, out: &mut String) -> usize {
    let inner = text[2..].split("\\E").next().unwrap_or_default();
    out.push_str(&regex::escape(inner));
    (2 + inner.len() + 2).min(text.len())
}

/// `{2}`, `{2,}` or `{2,3}`
fn counts(text: &str) -> bool {
    let Some(inner) = text[1..].split('}').next().filter(|inner| inner.len() + 1 < text.len()) else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        for (pattern, good, bad) in [
            (r"^\d+$", "12", "\u{664}"),
            (r"^[\d.]+$", "1.2", "a"),
            (r"^[^\s]+$", "ab", "a b"),
            (r"^\w+$", "a_1", "é"),
            (r"^[[a]$", "[", "b"),
            (r"^[]a]$", "]", "b"),
            (r"^[^]a]$", "b", "]"),
            (r"^[[:alpha:]&&-]+$", "a&-", "1"),
            (r"^{a}$", "{a}", "a"),
            (r"^a{2,}$", "aaa", "a"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\<a\>$", "<a>", "a"),
            (r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "a.b-c", "A"),
            (
                r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
                "1.5Gi",
                "1x",
            ),
        ] {
            let regex = compile(pattern).unwrap();
            assert!(regex.is_match(good), "{pattern} {good}");
            assert!(!regex.is_match(bad), "{pattern} {bad}");
        }
        assert!(compile("(").unwrap_err().starts_with("error parsing regexp: "));
        assert!(compile(r"a\").is_err() && compile("[").is_err());
    }
}
