//! The network of one namespace: rule tables, links of pods, tracked flows.
//!
//! Three small traits, because three different callers hold them: `Rules` commits what a plan wants, `Links` joins a
//! pod to the node, `Flows` forgets connections whose far end is gone. The real ones speak netlink; `Recorder` keeps a
//! model in memory, so that every caller is tested and simulated without a kernel.

mod flows;
mod links;
mod recorder;
mod rules;

pub use flows::{Flows, StaleFlows};
pub use links::{KnownLink, Links, PodLink};
pub use recorder::Recorder;
pub use rules::*;

/// What the kernel refused, and while doing what.
#[derive(Debug)]
pub struct NetError {
    pub doing: String,
    pub source: std::io::Error,
}

impl NetError {
    pub fn new(doing: impl Into<String>, source: impl Into<std::io::Error>) -> Self {
        Self { doing: doing.into(), source: source.into() }
    }
}

impl std::fmt::Display for NetError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.doing, self.source)
    }
}

impl std::error::Error for NetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
