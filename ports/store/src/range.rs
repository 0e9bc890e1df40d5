//! Reading many keys at one revision.

use crate::Record;
use std::ops::Bound;
use std::sync::Arc;

/// Keys from `start` up to, not including, `end`, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: Arc<str>,
    /// None: to the last key.
    pub end: Option<Arc<str>>,
    /// The most records to return; 0 is no limit.
    pub limit: usize,
    /// None: the newest revision.
    pub at: Option<u64>,
    pub want: Want,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Records,
    /// Records with empty values.
    Keys,
    /// No records, only the count.
    Count,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranged {
    /// The revision that was read.
    pub revision: u64,
    pub records: Vec<Record>,
    /// The limit cut the answer short.
    pub more: bool,
    /// How many keys the whole range holds, whatever the limit.
    pub count: u64,
}

impl Range {
    pub fn between(start: impl Into<Arc<str>>, end: Option<Arc<str>>) -> Range {
        Range { start: start.into(), end, limit: 0, at: None, want: Want::Records }
    }

    pub fn prefix(prefix: &str) -> Range {
        Range::between(prefix, prefix_end(prefix))
    }

    #[must_use]
    pub fn at(self, revision: u64) -> Range {
        Range { at: Some(revision), ..self }
    }

    #[must_use]
    pub fn limit(self, limit: usize) -> Range {
        Range { limit, ..self }
    }

    #[must_use]
    pub fn want(self, want: Want) -> Range {
        Range { want, ..self }
    }

    /// The same range beginning with the first key after `key`: the next page.
    #[must_use]
    pub fn after(self, key: &str) -> Range {
        Range { start: format!("{key}\0").into(), ..self }
    }

    pub fn contains(&self, key: &str) -> bool {
        *self.start <= *key && self.end.as_ref().is_none_or(|end| *key < **end)
    }

    /// The bounds for an ordered map; None when the range is empty, which a map would answer with a panic.
    pub(crate) fn bounds(&self) -> Option<(Bound<&str>, Bound<&str>)> {
        let end = match &self.end {
            Some(end) if **end <= *self.start => return None,
            Some(end) => Bound::Excluded(&**end),
            None => Bound::Unbounded,
        };
        Some((Bound::Included(&*self.start), end))
    }
}

/// The first key after all keys that begin with `prefix`; None when there is no such key.
pub fn prefix_end(prefix: &str) -> Option<Arc<str>> {
    let mut kept = prefix;
    while let Some(last) = kept.chars().next_back() {
        kept = &kept[..kept.len() - last.len_utf8()];
        if let Some(next) = next_char(last) {
            return Some(format!("{kept}{next}").into());
        }
    }
    None
}

/// UTF-8 sorts as its scalar values do, so the next scalar value is the next key; surrogates are not among them.
fn next_char(c: char) -> Option<char> {
    match c {
        '\u{d7ff}' => Some('\u{e000}'),
        char::MAX => None,
        c => char::from_u32(c as u32 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix() {
        let check =
            |prefix: &str, expect: Option<&str>| assert_eq!(prefix_end(prefix).as_deref(), expect, "{prefix:?}");
        check("/registry/pods/", Some("/registry/pods0"));
        check("a", Some("b"));
        check("", None);
        check("a\u{10ffff}", Some("b"));
        check("\u{10ffff}\u{10ffff}", None);
        check("x\u{d7ff}", Some("x\u{e000}"));
        check("x\u{7f}", Some("x\u{80}"));
    }

    #[test]
    fn an_empty_range_has_no_bounds() {
        assert!(Range::between("b", Some("a".into())).bounds().is_none());
        assert!(Range::between("b", Some("b".into())).bounds().is_none());
        assert!(Range::prefix("b").after("b/9").contains("b/91"));
        assert!(!Range::prefix("b").after("b/9").contains("b/9"));
    }
}
