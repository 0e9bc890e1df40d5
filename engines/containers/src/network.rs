//! The seam to pod networking: whoever builds the runtime gives the network.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use cri::v1::PortMapping;
use futures::FutureExt;
use futures::future::BoxFuture;

#[derive(Debug)]
pub struct NetworkError(pub String);

impl fmt::Display for NetworkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for NetworkError {}

/// A pod that wants to be reachable.
#[derive(Debug, Clone, Copy)]
pub struct PodAttachment<'a> {
    pub sandbox_id: &'a str,
    /// Opens the pod's network namespace, for as long as the call lasts. Its loopback is up. Absent with
    /// `host_network`.
    pub netns: Option<&'a Path>,
    pub namespace: &'a str,
    pub name: &'a str,
    pub uid: &'a str,
    pub annotations: &'a std::collections::BTreeMap<String, String>,
    pub port_mappings: &'a [PortMapping],
    pub host_network: bool,
}

/// Both calls may come twice for one sandbox, also after a restart: they must be idempotent.
pub trait PodNetwork: Send + Sync {
    /// The pod's addresses, the primary one first.
    fn attach<'a>(&'a self, pod: PodAttachment<'a>) -> BoxFuture<'a, Result<Vec<IpAddr>, NetworkError>>;
    /// The namespace may be gone already.
    fn detach<'a>(&'a self, sandbox_id: &'a str) -> BoxFuture<'a, Result<(), NetworkError>>;
}

/// Pods with a loopback and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopbackOnly;

impl PodNetwork for LoopbackOnly {
    fn attach<'a>(&'a self, _: PodAttachment<'a>) -> BoxFuture<'a, Result<Vec<IpAddr>, NetworkError>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn detach<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), NetworkError>> {
        async { Ok(()) }.boxed()
    }
}
