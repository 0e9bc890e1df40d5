//! Ports of the node that a pod takes.

use super::manifest::{Container, PodSpec};
use meta::CompactString;

const EVERY_ADDRESS: &str = "0.0.0.0";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub port: i32,
    pub protocol: CompactString,
    pub address: CompactString,
}

impl HostPort {
    pub fn conflicts(&self, other: &HostPort) -> bool {
        let addresses_meet =
            self.address == other.address || self.address == EVERY_ADDRESS || other.address == EVERY_ADDRESS;
        self.port == other.port && self.protocol == other.protocol && addresses_meet
    }
}

/// Of all containers that run as long as the pod does.
pub(super) fn of(spec: &PodSpec) -> Vec<HostPort> {
    let sidecars = spec.init_containers.iter().filter(|container| container.restart_policy == "Always");
    sidecars.chain(&spec.containers).flat_map(of_container).collect()
}

fn of_container(container: &Container) -> impl Iterator<Item = HostPort> {
    let or = |text: &CompactString, default: &str| if text.is_empty() { default.into() } else { text.clone() };
    container.ports.iter().filter(|port| port.host_port > 0).map(move |port| HostPort {
        port: port.host_port,
        protocol: or(&port.protocol, "TCP"),
        address: or(&port.host_ip, EVERY_ADDRESS),
    })
}
