//! Looks at the machine before anything is made, and says in words what a cluster would miss: what it can do without,
//! it goes on without.

mod judge;
mod look;

pub use judge::{Code, judge};
pub use look::look;

use linux::preflight::{Kernel, Program};
use std::net::SocketAddr;

/// What the cluster will need.
pub struct Wants<'a> {
    pub data_dir: &'a std::path::Path,
    /// Where servers of this process will listen, and what for.
    pub listens: Vec<(SocketAddr, &'static str)>,
    /// Whether containers will run on this machine.
    pub containers: bool,
}

/// What was found.
#[derive(Clone)]
pub struct Seen {
    pub root: bool,
    pub taken: Vec<Taken>,
    /// None where no container will need it.
    pub kernel: Option<Kernel>,
    pub disk: Disk,
    pub directory: Directory,
}

/// An address that somebody else listens on, or that cannot be listened on.
#[derive(Clone)]
pub struct Taken {
    pub address: SocketAddr,
    pub wanted_for: &'static str,
    pub by: Option<Program>,
    pub why: String,
}

#[derive(Clone, Copy)]
pub struct Disk {
    pub capacity: u64,
    pub available: u64,
}

#[derive(Clone, PartialEq)]
pub enum Directory {
    Usable,
    /// Something else stands at this path.
    Obstructed(String),
    NotWritable(String, String),
    /// One file of two that belong together is missing.
    Half {
        present: String,
        missing: String,
    },
}
