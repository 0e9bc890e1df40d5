//! What is wrong with a text: a place and a sentence, shown with the line and a mark below it.

use std::fmt::Write;

#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where, counted from zero in characters.
    pub at: usize,
    pub why: String,
}

impl Problem {
    pub(crate) fn new(at: usize, why: impl Into<String>) -> Problem {
        Problem { at, why: why.into() }
    }
}

/// Why a text is no expression: everything that was found, in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileError {
    pub problems: Vec<Problem>,
    shown: String,
}

impl CompileError {
    pub(crate) fn new(text: &str, mut problems: Vec<Problem>) -> CompileError {
        problems.sort_by_key(|problem| problem.at);
        let shown: Vec<String> = problems.iter().map(|problem| show(text, problem)).collect();
        CompileError { problems, shown: shown.join("\n") }
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::error::Error for CompileError {}

fn show(text: &str, problem: &Problem) -> String {
    if text.is_empty() {
        return format!("ERROR: <input>:1:0: {}", problem.why);
    }
    let before: String = text.chars().take(problem.at).collect();
    let line = before.matches('\n').count();
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    let mut out = format!("ERROR: <input>:{}:{}: {}", line + 1, column + 1, problem.why);
    let source = text.split('\n').nth(line).unwrap_or_default().replace('\t', " ");
    let _ = write!(out, "\n | {source}\n | "); // writing to a String cannot fail
    let wide = |c: char| c.len_utf8() > 1;
    out.extend(source.chars().take(column).map(|c| if wide(c) { '\u{ff0e}' } else { '.' }));
    out.push(if source.chars().nth(column).is_some_and(wide) { '\u{ff3e}' } else { '^' });
    out
}
