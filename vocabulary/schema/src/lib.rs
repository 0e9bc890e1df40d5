//! Pure: one schema engine for built-in and custom kinds.
//!
//! A [`Schema`] is a root in a shared arena of types. Built-in kinds share one arena made from the tables of facts; each
//! version of a custom kind has its own. Every operation takes a schema and a value and knows no kind.

pub mod types;

pub use types::{Constraints, Extra, Field, ListKind, MapKind, Node, PatchMerge, Schema, Shape, StructType, TypeId, Types};
