//! Point-to-point links between pods and the node. No bridge: a pod is one route on the node.

use super::NetError;
use ipnet::IpNet;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;

/// One pod's link, both ends described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodLink {
    /// The node's end.
    pub name: String,
    /// The sandbox; kept in the kernel beside the link, so that a restart finds out whose it is.
    pub owner: String,
    pub netns: PathBuf,
    /// The pod's end, inside its namespace.
    pub inside: String,
    pub addresses: Vec<IpAddr>,
    /// The node's own addresses: the source of what the node itself says to the pod.
    pub node_addresses: Vec<IpAddr>,
    pub node_mac: [u8; 6],
    pub pod_mac: [u8; 6],
    pub mtu: Option<u32>,
}

/// A link found in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLink {
    pub name: String,
    pub owner: String,
    pub addresses: Vec<IpAddr>,
}

pub trait Links: Send + Sync + 'static {
    fn create_link(&self, link: PodLink) -> impl Future<Output = Result<(), NetError>> + Send;
    /// Removing what is not there is no error: false.
    fn remove_link(&self, name: String) -> impl Future<Output = Result<bool, NetError>> + Send;
    /// Every link whose name starts with `prefix`.
    fn links(&self, prefix: &str) -> impl Future<Output = Result<Vec<KnownLink>, NetError>> + Send;
    /// Lets packets pass between links. IPv6 only where it is needed: a router takes no routes from its neighbours.
    fn enable_forwarding(&self, v6: bool) -> impl Future<Output = Result<(), NetError>> + Send;
    /// Makes the node itself the holder of `address`. Already held is no error.
    fn hold_address(&self, address: IpAddr) -> impl Future<Output = Result<(), NetError>> + Send;
    fn release_address(&self, address: IpAddr) -> impl Future<Output = Result<(), NetError>> + Send;
    /// Makes a range of addresses that no link leads to reachable for the node itself, so that what it sends there
    /// comes as far as the rules that know better.
    fn route_to_rules(&self, range: IpNet, source: IpAddr) -> impl Future<Output = Result<(), NetError>> + Send;
    fn unroute(&self, range: IpNet) -> impl Future<Output = Result<(), NetError>> + Send;
}
