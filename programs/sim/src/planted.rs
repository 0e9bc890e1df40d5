//! The wrappers that a [`crate::Bug`] is planted in.

pub mod controller;
mod memory;
pub mod store;
mod watch;

pub use memory::Memory;
