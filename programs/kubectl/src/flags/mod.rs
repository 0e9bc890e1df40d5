//! Flags as upstream reads them: `--name=value`, `--name value`, `-abc`, `-nvalue`, with its complaints.

mod parse;
mod shared;

pub use parse::{Parsed, parse, skipped_by};
pub use shared::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Text,
    Int32,
    Int64,
    Int,
    Duration,
    /// Values divided by commas, and more with each occurrence.
    List,
    /// One value each occurrence.
    Array,
}

#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub name: &'static str,
    pub short: Option<char>,
    pub kind: Kind,
    pub default: &'static str,
    /// The value of a flag that is given without one.
    pub bare: Option<&'static str>,
}

impl Flag {
    pub const fn of(kind: Kind, name: &'static str, default: &'static str) -> Flag {
        let bare = if matches!(kind, Kind::Bool) { Some("true") } else { None };
        Flag { name, short: None, kind, default, bare }
    }

    pub const fn short(self, letter: char) -> Flag {
        Flag { short: Some(letter), ..self }
    }

    pub const fn bare(self, value: &'static str) -> Flag {
        Flag { bare: Some(value), ..self }
    }
}

pub const fn switch(name: &'static str) -> Flag {
    Flag::of(Kind::Bool, name, "false")
}

pub const fn text(name: &'static str) -> Flag {
    Flag::of(Kind::Text, name, "")
}

pub const fn list(name: &'static str) -> Flag {
    Flag::of(Kind::List, name, "")
}

pub const fn array(name: &'static str) -> Flag {
    Flag::of(Kind::Array, name, "")
}

pub const fn number(name: &'static str, default: &'static str) -> Flag {
    Flag::of(Kind::Int, name, default)
}

pub const fn duration(name: &'static str, default: &'static str) -> Flag {
    Flag::of(Kind::Duration, name, default)
}
