//! Admission webhooks: their configurations as they stand now, parsed once a change, and one call of one of them.
//! When they are called, and what their answers do to a request, is [`crate::admission`]'s.

mod condition;
mod hook;
mod matching;
mod review;
mod rule;

pub(crate) use condition::Condition;
pub(crate) use hook::{Hook, Hooks, selector};
pub(crate) use matching::{About, Invocation, labels_of};
pub(crate) use review::{Asked, Verdict, ask, user};
pub(crate) use rule::Rule;
