//! Pure: THE TABLE. One folder per group and kind holds one row and its rules; there is no second list of kinds.
//!
//! Facts (names, fields, numbers, list types, columns) come from `facts/`, which a program makes and upstream confirms.
//! A row adds what is Go code upstream: conditional defaults, cross-field validation, update rules, selectable fields.

mod row;
mod rules;

pub use row::{Column, KindDef, Names, Scale, Scope, Subresource, Verb, Version};
pub use rules::{Allocation, Context, Rules, Stage};
