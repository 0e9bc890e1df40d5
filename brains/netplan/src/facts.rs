//! What is seen: the parts of API objects that decide about packets and names.

use imbl::{OrdMap, OrdSet};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

impl ServiceKey {
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// A slice under the service it belongs to, so that a service's slices are neighbours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceKey {
    pub service: ServiceKey,
    pub slice: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Tcp, Self::Udp, Self::Sctp].into_iter().find(|protocol| protocol.number() == number)
    }

    pub fn named(name: &str) -> Option<Self> {
        match name {
            "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            _ => None,
        }
    }

    /// As DNS spells it in `_port._protocol`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    pub protocol: Protocol,
    pub port: u16,
    pub node_port: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub cluster_ips: Vec<IpAddr>,
    pub headless: bool,
    /// Somebody else answers for it: its labels name another proxy, or say that it needs none.
    pub foreign: bool,
    pub external_name: Option<String>,
    pub external_ips: Vec<IpAddr>,
    /// Only those that are to be answered by nodes, not by a balancer in front of them.
    pub ingress_ips: Vec<IpAddr>,
    /// From where the ingress addresses are reached; of a family without one, from everywhere.
    pub source_ranges: Vec<IpNet>,
    pub ports: Vec<Port>,
    /// Seconds for which a client stays with its endpoint.
    pub affinity: Option<u32>,
    pub external_local: bool,
    pub internal_local: bool,
    pub publish_not_ready: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPort {
    pub name: String,
    pub protocol: Protocol,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub address: IpAddr,
    pub ready: bool,
    pub serving: bool,
    pub terminating: bool,
    pub hostname: Option<String>,
    pub node: Option<String>,
    pub for_zones: Vec<String>,
    pub for_nodes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    pub ports: Vec<EndpointPort>,
    pub endpoints: Vec<Endpoint>,
}

/// The node that decides, and what is constant about its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub zone: String,
    /// Where node ports are answered.
    pub addresses: Vec<IpAddr>,
    /// Addresses whose packets reach a socket of this node instead of an endpoint: cluster DNS.
    pub own_services: Vec<(IpAddr, Protocol, u16)>,
    pub cluster_domain: String,
}

#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub node: Arc<Node>,
    pub services: OrdMap<ServiceKey, Arc<Service>>,
    pub slices: OrdMap<SliceKey, Arc<Slice>>,
    pub namespaces: OrdSet<Arc<str>>,
}

impl Snapshot {
    pub(crate) fn slices_of(&self, service: &ServiceKey) -> Vec<&Slice> {
        let first = SliceKey { service: service.clone(), slice: "".into() };
        let theirs = self.slices.range(first..).take_while(|(key, _)| key.service == *service);
        theirs.map(|(_, slice)| slice.as_ref()).collect()
    }
}
