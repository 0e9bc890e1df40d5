//! The one rule table: its constant part, its elements, and its life.

mod egress;
mod elements;
mod fragments;
mod rules;
mod sets;
mod state;
mod sticky;

pub use elements::{hairpin, host_port, host_port_of};
pub use state::{RuleTable, TableError};

/// The table's name in the kernel.
pub const NAME: &str = "k1s";

/// Bits of the packet mark. The rest of it is somebody else's.
const MASQUERADE: u32 = 0x4000;
const OUTSIDE: u32 = 0x8000;
