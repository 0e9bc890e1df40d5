//! What is fixed about a node's network while it runs.

use ipnet::IpNet;
use netplan::{Node, Protocol};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Config {
    pub node_name: String,
    pub zone: String,
    pub cluster_domain: String,
    /// The node's own addresses, the primary one of each family first. Node ports are answered there.
    pub node_addresses: Vec<IpAddr>,
    /// All pods of the cluster. What comes from elsewhere is from outside.
    pub cluster_ranges: Vec<IpNet>,
    pub service_ranges: Vec<IpNet>,
    /// This node's share of the cluster ranges, at most one of each family.
    pub node_ranges: Vec<IpNet>,
    /// Destinations outside of the cluster that see pods under their own addresses.
    pub no_masquerade: Vec<IpNet>,
    /// Where cluster DNS is answered, if here.
    pub dns: Vec<SocketAddr>,
    pub mtu: Option<u32>,
}

impl Config {
    /// The part that a plan needs.
    pub fn node(&self) -> Arc<Node> {
        let dns = |address: &SocketAddr| {
            [Protocol::Udp, Protocol::Tcp].map(|protocol| (address.ip(), protocol, address.port()))
        };
        // The loopback address too: what a node port answers from outside, it answers on the node itself.
        let loopback = IpAddr::from([127, 0, 0, 1]);
        Arc::new(Node {
            name: self.node_name.clone(),
            zone: self.zone.clone(),
            addresses: self.node_addresses.iter().copied().chain([loopback]).collect(),
            own_services: self.dns.iter().flat_map(dns).collect(),
            cluster_domain: self.cluster_domain.clone(),
        })
    }

    /// The service ranges that the node can reach, with the address it does so from.
    pub(crate) fn service_sources(&self) -> impl Iterator<Item = (IpNet, IpAddr)> {
        let source = |range: &IpNet| {
            let own = self.node_addresses.iter().find(|own| own.is_ipv4() == range.addr().is_ipv4());
            own.map(|own| (range.trunc(), *own))
        };
        self.service_ranges.iter().filter_map(source)
    }
}
