//! I/O: commits netplan through the kernel; answers cluster DNS.
//!
//! The kernel is the only place where the state of the network is kept. At start it is read back and compared with
//! what is wanted; after a refused commit as well. Connections live in the kernel's tracking and notice neither.

mod config;
pub mod dns;
mod engine;
mod links;
mod seen;
mod table;

pub use config::Config;
pub use engine::Dataplane;
pub use links::{HostPort, LinkError, PodLinks};
pub use seen::{reads, snapshots};
