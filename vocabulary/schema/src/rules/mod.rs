//! Rules in CEL (x-kubernetes-validations): what they may be, and what they say of a value.

mod check;
mod declare;
mod evaluate;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use check::check;
pub use tree::Rules;

/// What one expression may cost when it is evaluated.
pub const EXPRESSION_BUDGET: u64 = 1_000_000;
/// What all expressions about one object may cost together.
pub const OBJECT_BUDGET: u64 = 10_000_000;
