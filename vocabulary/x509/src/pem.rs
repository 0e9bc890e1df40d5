//! Blocks of PEM, found as upstream finds them: what stands around a block is passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) has_headers: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The next block, and what follows it. Each line that ends a block belongs to the last before it that begins one, so that
/// a text is read once however many lines begin.
pub(crate) fn next(mut text: &str) -> Option<(Block, &str)> {
    loop {
        let (before, rest) = split_end(text)?;
        let (label, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(block) = label.trim_end().strip_suffix(DASHES).and_then(|label| block(before, label)) {
            return Some((block, rest));
        }
        text = rest;
    }
}

/// What stands before the next line that ends a block, and from its label on.
fn split_end(text: &str) -> Option<(&str, &str)> {
    let at = text.find(END)?;
    Some((&text[..at], &text[at + END.len()..]))
}

fn block(before: &str, label: &str) -> Option<Block> {
    let start = before.rfind(BEGIN).filter(|start| *start == 0 || before.as_bytes()[start - 1] == b'\n')?;
    let (first, inside) = before[start + BEGIN.len()..].split_once('\n')?;
    if first.trim_end().strip_suffix(DASHES) != Some(label) || !(inside.is_empty() || inside.ends_with('\n')) {
        return None;
    }
    let headers = inside.lines().take_while(|line| line.contains(':')).count();
    let encoded: String = inside.lines().skip(headers).flat_map(|line| line.trim().chars()).collect();
    let bytes = STANDARD.decode(encoded).ok()?;
    Some(Block { label: label.into(), has_headers: headers > 0, bytes })
}

pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = format!("hello\n{}\nbetween\n{}", write("A", b"one"), write("B", &[7; 100]));
        let (first, rest) = next(&text).unwrap();
        assert_eq!((first.label.as_str(), first.bytes.as_slice()), ("A", &b"one"[..]));
        let (second, rest) = next(rest).unwrap();
        assert_eq!((second.label.as_str(), second.bytes.as_slice(), rest), ("B", &[7; 100][..], ""));
    }

    #[test]
    fn what_is_broken_is_passed_over() {
        for text in ["", "-----BEGIN A-----", "-----BEGIN A-----\n", "-----BEGIN A-----\n!\n-----END A-----\n"] {
            assert_eq!(next(text), None, "{text}");
        }
        let broken = format!("-----BEGIN A-----\nAAAA\n-----END B-----\n{}", write("C", b"c"));
        assert_eq!(next(&broken).unwrap().0.label, "C");
        let repeated = format!("-----BEGIN C-----\n{}", write("C", b"c"));
        assert_eq!(next(&repeated).unwrap().0.bytes, b"c");
        let headers = "-----BEGIN A-----\nName: value\n\nAAAA\n-----END A-----\n";
        assert!(next(headers).unwrap().0.has_headers);
    }
}
