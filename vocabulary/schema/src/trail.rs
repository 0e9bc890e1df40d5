//! Where a walk stands, kept in the stack's frames: a path is written only for what a message names.

use std::fmt;

#[derive(Clone, Copy)]
pub(crate) enum Trail<'p> {
    Root,
    Name(&'p Trail<'p>, &'p str),
    /// Written as it is, with its brackets.
    Key(&'p Trail<'p>, &'p str),
    Index(&'p Trail<'p>, usize),
}

impl Trail<'_> {
    pub fn is_root(&self) -> bool {
        matches!(self, Trail::Root)
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trail::Root => Ok(()),
            Trail::Name(Trail::Root, name) => f.write_str(name),
            Trail::Name(up, name) => write!(f, "{up}.{name}"),
            Trail::Key(up, key) => write!(f, "{up}{key}"),
            Trail::Index(up, index) => write!(f, "{up}[{index}]"),
        }
    }
}
