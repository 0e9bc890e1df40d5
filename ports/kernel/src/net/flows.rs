//! Tracked connections: a datagram flow outlives the endpoint it was sent to, unless somebody forgets it.

use super::NetError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};

/// Flows once sent to this address and port that must not go on, except those that reached one of `keep`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleFlows {
    pub protocol: u8,
    /// None: every address.
    pub address: Option<IpAddr>,
    pub port: u16,
    pub keep: Vec<SocketAddr>,
}

impl StaleFlows {
    /// Does a flow first sent to `to`, and answered from `by`, belong to the past?
    pub fn covers(&self, protocol: u8, to: SocketAddr, by: SocketAddr) -> bool {
        let there = self.port == to.port() && self.address.is_none_or(|address| address == to.ip());
        self.protocol == protocol && there && !self.keep.contains(&by)
    }
}

pub trait Flows: Send + Sync + 'static {
    /// Returns how many flows were forgotten.
    fn forget(&self, stale: Vec<StaleFlows>) -> impl Future<Output = Result<usize, NetError>> + Send;
}
