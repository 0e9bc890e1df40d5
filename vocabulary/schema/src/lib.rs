//! Pure: one schema engine for built-in and custom kinds.
//!
//! A [`Schema`] is a root in a shared arena of types. Built-in kinds share one arena made from the tables of facts; each
//! version of a custom kind has its own. Every operation takes a schema and a value and knows no kind.

pub mod apply;
pub mod decode;
mod default;
mod empties;
pub mod jsonpath;
mod lookup;
pub mod openapi;
pub mod patch;
pub mod proto;
mod prune;
pub mod rules;
pub mod structural;
mod trail;
pub mod types;
pub mod validate;
pub mod yaml;

#[cfg(test)]
mod sketch;
#[cfg(test)]
mod specimen;

pub use decode::{DecodeError, Decoded, Format, TypeMeta, type_meta};

pub use gotext::pattern::{self, Pattern};
use gotext::{duration, time};
pub use types::{
    Constraints, Details, Extra, Field, Inline, ListKind, MapKind, Node, PatchMerge, Rule, Schema, SchemaOr,
};
pub use types::{Shape, StructType, TypeId, Types};
