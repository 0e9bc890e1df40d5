//! Server-side apply: who owns which field of an object, and what an applied configuration does to it.
//!
//! A [`Set`] of fields is kept in the very shape in which `managedFields` writes it, so that what did not change is moved
//! and never decoded. [`Resource::update`] follows a finished write; [`Resource::apply`] merges a configuration into the
//! live object, refuses what others own, and deletes what its manager owned alone and no longer names.

mod atom;
mod changes;
mod check;
mod compare;
mod configure;
mod conflict;
mod element;
mod field_set;
mod last_applied;
mod merge;
mod owners;
mod prune;
mod reconcile;
mod remove;
mod resource;
mod scale;
mod set;
mod stamps;
mod strip;
mod trie;
mod version;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use compare::Comparison;
pub use conflict::{ApplyError, Conflict};
pub use owners::{Entry, Operation, Owners};
pub use resource::Resource;
pub use scale::ScaleOwners;
pub use set::Set;
pub use stamps::keep_stamps;
pub use version::{OneVersion, Versions};
