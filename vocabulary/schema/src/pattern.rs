//! A regular expression compiled once, when it is first needed.

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
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}
