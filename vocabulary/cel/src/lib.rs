//! Pure: the Common Expression Language as admission and custom kinds use it: an expression is compiled and checked
//! once, and evaluated against JSON values without copying them, within a bound on its cost.
//!
//! Absent on purpose: message literals; names of time zones, for there is no database of them here (offsets are known,
//! yet a moment keeps none: it is written in UTC).

mod ast;
mod check;
mod compare;
mod cost;
mod decl;
mod estimate;
mod eval;
mod functions;
mod lexer;
mod literals;
mod macros;
mod parser;
mod problem;
mod program;
mod signatures;
mod types;
mod value;

pub use decl::{Decl, Field, ListKind, Object, Shape, escape, is_identifier};
pub use eval::{Evaluated, Scope};
pub use functions::authorization::{Authorizer, Decision, Question};
pub use problem::{CompileError, Problem};
pub use program::{Environment, Program};
pub use types::Type;
pub use value::{EvalError, Val};

#[cfg(test)]
mod tests;
