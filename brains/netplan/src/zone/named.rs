//! What DNS needs to know of one service.

use crate::facts::{Port, Protocol, Service, Slice};
use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub external: Option<String>,
    pub addresses: Vec<IpAddr>,
    pub headless: bool,
    pub ports: Vec<NamedPort>,
    pub hosts: Vec<Host>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPort {
    pub name: String,
    pub protocol: Protocol,
    pub port: u16,
}

/// An endpoint, under its hostname or, without one, under its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub label: String,
    pub address: IpAddr,
    pub ports: Vec<NamedPort>,
}

impl Named {
    pub fn new(service: &Service, slices: &[&Slice]) -> Self {
        Self {
            external: service.external_name.as_deref().map(canonical),
            addresses: service.cluster_ips.clone(),
            headless: service.headless,
            ports: service.ports.iter().map(port).collect(),
            hosts: hosts(service, slices),
        }
    }

    pub fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied().chain(self.hosts.iter().map(|host| host.address))
    }
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn port(port: &Port) -> NamedPort {
    NamedPort { name: port.name.clone(), protocol: port.protocol, port: port.port }
}

fn hosts(service: &Service, slices: &[&Slice]) -> Vec<Host> {
    let mut hosts: Vec<Host> = Vec::new();
    for slice in slices {
        let ports = || {
            slice.ports.iter().map(|port| NamedPort {
                name: port.name.clone(),
                protocol: port.protocol,
                port: port.port,
            })
        };
        for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.ready || service.publish_not_ready) {
            let label = endpoint.hostname.as_deref().map(canonical).unwrap_or_else(|| dashed(endpoint.address));
            hosts.push(Host { label, address: endpoint.address, ports: ports().collect() });
        }
    }
    // Slices overlap while an endpoint moves between them.
    hosts.sort_by(|a, b| (&a.label, a.address).cmp(&(&b.label, b.address)));
    hosts.dedup_by(|a, b| a.label == b.label && a.address == b.address);
    hosts
}

/// `10-0-0-1`, `fd00--1`
fn dashed(address: IpAddr) -> String {
    address.to_string().replace(['.', ':'], "-")
}

/// The way back. Only the spelling of a full address counts.
pub fn undashed(label: &str) -> Option<IpAddr> {
    label.replace('-', ".").parse().or_else(|_| label.replace('-', ":").parse()).ok()
}
