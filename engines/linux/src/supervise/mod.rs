//! The supervisor: the one small process that owns all containers of a node as its children.
//!
//! It outlives k1s. Whatever it learns it writes to the container's directory before it tells anybody, so a reader
//! that was away has lost nothing. If it dies itself, a successor finds the processes by those records.

mod adopt;
mod client;
mod daemon;
mod output;
mod peers;
mod pins;
mod protocol;
mod spawn;
mod state;

pub use client::{Call, ExitWatch, Supervisor};
pub use daemon::serve;
pub use protocol::{Ended, Listing, PinnedSandbox, RunningContainer};

/// The directory of containers below the supervisor's root, one directory each.
pub const CONTAINERS_DIR: &str = "containers";
const SOCKET: &str = "supervisor.sock";
const LOCK: &str = "supervisor.lock";
