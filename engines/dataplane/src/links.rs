//! Links of pods: an address, a link and host ports for each sandbox; found again in the kernel after a restart.

use crate::config::Config;
use crate::table::{RuleTable, hairpin, host_port, host_port_of};
use kernel::net::{Element, Flows, KnownLink, Links, NetError, PodLink, Rules, StaleFlows};
use netplan::{Backend, Exhausted, LINK_PREFIX, NodeAddresses, Protocol, link_macs, link_name};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The kernel keeps this much beside a link.
const LONGEST_OWNER: usize = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// None, or an unspecified address: every address of the node.
    pub host: Option<IpAddr>,
    pub protocol: Protocol,
    pub port: u16,
    pub pod_port: u16,
}

#[derive(Debug)]
pub enum LinkError {
    Addresses(Exhausted),
    NoRange,
    LongSandbox(usize),
    PortTaken(HostPort),
    /// Another attach of the same sandbox is under way.
    Busy,
    Kernel(NetError),
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Addresses(error) => error.fmt(out),
            Self::NoRange => write!(out, "the node has no range of pod addresses"),
            Self::LongSandbox(length) => write!(out, "a sandbox id of {length} bytes is too long"),
            Self::PortTaken(port) => write!(out, "host port {} is taken by another pod", port.port),
            Self::Busy => write!(out, "the sandbox is being attached already"),
            Self::Kernel(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for LinkError {}

impl From<NetError> for LinkError {
    fn from(error: NetError) -> Self {
        Self::Kernel(error)
    }
}

pub struct PodLinks<K> {
    kernel: K,
    table: Arc<RuleTable<K>>,
    node_addresses: Vec<IpAddr>,
    mtu: Option<u32>,
    state: Mutex<State>,
}

struct State {
    ranges: Vec<NodeAddresses>,
    pods: BTreeMap<String, Pod>,
}

#[derive(Clone, Debug, Default)]
struct Pod {
    addresses: Vec<IpAddr>,
    /// Its hairpins and host ports.
    elements: Vec<Element>,
    /// The link exists; before that only the addresses are reserved.
    joined: bool,
}

impl<K: Links + Rules + Flows> PodLinks<K> {
    /// Adopts every link that an earlier run made.
    pub async fn open(kernel: K, table: Arc<RuleTable<K>>, config: &Config) -> Result<Self, LinkError> {
        kernel.enable_forwarding(config.node_ranges.iter().any(|range| range.addr().is_ipv6())).await?;
        let links = kernel.links(LINK_PREFIX).await?;
        let mut ranges: Vec<_> = config.node_ranges.iter().map(|range| NodeAddresses::new(*range)).collect();
        for address in links.iter().flat_map(|link| &link.addresses) {
            ranges.iter_mut().any(|range| range.keep(*address));
        }
        let pods = adopt(&table, links).await?;
        let (node_addresses, mtu) = (config.node_addresses.clone(), config.mtu);
        Ok(Self { kernel, table, node_addresses, mtu, state: Mutex::new(State { ranges, pods }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandboxes that have a link: whoever runs pods compares, and detaches those it does not know.
    pub fn sandboxes(&self) -> Vec<String> {
        self.state().pods.keys().cloned().collect()
    }

    /// Joins a sandbox to the network. Asked again, it answers with the same addresses.
    pub async fn attach(&self, sandbox: &str, netns: &Path, ports: &[HostPort]) -> Result<Vec<IpAddr>, LinkError> {
        if sandbox.len() > LONGEST_OWNER {
            return Err(LinkError::LongSandbox(sandbox.len()));
        }
        let known = self.state().pods.get(sandbox).cloned();
        match known {
            Some(pod) if pod.joined => return Ok(pod.addresses),
            Some(_) => return Err(LinkError::Busy),
            None => {}
        }
        let pod = self.state().reserve(sandbox, ports)?;
        match self.join(sandbox, netns, &pod, ports).await {
            Ok(()) => Ok(pod.addresses),
            Err(error) => {
                // Nothing may stay behind; a second failure would only hide the first.
                self.detach(sandbox).await.ok();
                Err(error)
            }
        }
    }

    async fn join(&self, sandbox: &str, netns: &Path, pod: &Pod, ports: &[HostPort]) -> Result<(), LinkError> {
        let (node_mac, pod_mac) = link_macs(sandbox);
        let link = PodLink {
            name: link_name(sandbox),
            owner: sandbox.to_owned(),
            netns: netns.to_owned(),
            inside: "eth0".to_owned(),
            addresses: pod.addresses.clone(),
            node_addresses: self.node_addresses.clone(),
            node_mac,
            pod_mac,
            mtu: self.mtu,
        };
        self.kernel.create_link(link).await?;
        self.table.change_links(Vec::new(), pod.elements.clone()).await?;
        if let Some(pod) = self.state().pods.get_mut(sandbox) {
            pod.joined = true;
        }
        Ok(self.table.forget(ports.iter().filter_map(|port| stale(port, &pod.addresses)).collect()).await?)
    }

    /// Takes a sandbox off the network. Nothing to take off is no error.
    pub async fn detach(&self, sandbox: &str) -> Result<(), LinkError> {
        self.kernel.remove_link(link_name(sandbox)).await?;
        let Some(pod) = self.state().pods.get(sandbox).cloned() else { return Ok(()) };
        if pod.joined {
            self.table.change_links(pod.elements, Vec::new()).await?;
        }
        // The address is free only when nothing leads to it any more.
        self.state().release(sandbox);
        Ok(())
    }
}

impl State {
    fn reserve(&mut self, sandbox: &str, ports: &[HostPort]) -> Result<Pod, LinkError> {
        if self.pods.contains_key(sandbox) {
            return Err(LinkError::Busy);
        }
        if self.ranges.is_empty() {
            return Err(LinkError::NoRange);
        }
        let mut addresses = Vec::new();
        for index in 0..self.ranges.len() {
            match self.ranges[index].take() {
                Ok(address) => addresses.push(address),
                Err(error) => {
                    self.free(&addresses);
                    return Err(LinkError::Addresses(error));
                }
            }
        }
        let elements = self.elements(&addresses, ports).inspect_err(|_| self.free(&addresses))?;
        let pod = Pod { addresses, elements, joined: false };
        self.pods.insert(sandbox.to_owned(), pod.clone());
        Ok(pod)
    }

    fn elements(&mut self, addresses: &[IpAddr], ports: &[HostPort]) -> Result<Vec<Element>, LinkError> {
        let mut elements: Vec<_> = addresses.iter().map(|address| hairpin(*address)).collect();
        for port in ports {
            for element in port_elements(addresses, port) {
                let same = |other: &Element| (other.set, &other.key) == (element.set, &element.key);
                if self.pods.values().flat_map(|pod| &pod.elements).chain(&elements).any(same) {
                    return Err(LinkError::PortTaken(*port));
                }
                elements.push(element);
            }
        }
        Ok(elements)
    }

    fn free(&mut self, addresses: &[IpAddr]) {
        for range in &mut self.ranges {
            addresses.iter().for_each(|address| range.free(*address));
        }
    }

    fn release(&mut self, sandbox: &str) {
        if let Some(pod) = self.pods.remove(sandbox) {
            self.free(&pod.addresses);
        }
    }
}

/// Datagrams that clients have been sending to a port of the node, and that went to an earlier holder or to nobody.
fn stale(port: &HostPort, addresses: &[IpAddr]) -> Option<StaleFlows> {
    let keep = addresses.iter().map(|address| SocketAddr::new(*address, port.pod_port)).collect();
    let address = port.host.filter(|host| !host.is_unspecified());
    let stale = StaleFlows { protocol: port.protocol.number(), address, port: port.port, keep };
    (port.protocol == Protocol::Udp).then_some(stale)
}

fn port_elements<'a>(addresses: &'a [IpAddr], port: &'a HostPort) -> impl Iterator<Item = Element> + 'a {
    let host = port.host.filter(|host| !host.is_unspecified());
    let concerned = move |address: &&IpAddr| host.is_none_or(|host| host.is_ipv4() == address.is_ipv4());
    let element = move |address: &IpAddr| {
        host_port(host, port.protocol, port.port, Backend { address: *address, port: port.pod_port })
    };
    addresses.iter().filter(concerned).map(element)
}

/// Gives each link the elements that lead to it; the others belong to links that are gone, and go too. A link without
/// its hairpin was made in the last moment of an earlier run, and gets it now.
async fn adopt<K: Rules + Flows>(
    table: &RuleTable<K>,
    links: Vec<KnownLink>,
) -> Result<BTreeMap<String, Pod>, LinkError> {
    let mut by_address: HashMap<IpAddr, Vec<Element>> = HashMap::new();
    for element in table.link_elements().await? {
        if let Some(address) = host_port_of(&element) {
            by_address.entry(address).or_default().push(element);
        }
    }
    let mut missing = Vec::new();
    let mut pods = BTreeMap::new();
    for link in links {
        let mut elements: Vec<_> =
            link.addresses.iter().flat_map(|one| by_address.remove(one).unwrap_or_default()).collect();
        let lacks = link.addresses.iter().map(|one| hairpin(*one)).filter(|one| !elements.contains(one));
        let lacks: Vec<_> = lacks.collect();
        missing.extend(lacks.iter().cloned());
        elements.extend(lacks);
        pods.insert(link.owner, Pod { addresses: link.addresses, elements, joined: true });
    }
    let orphans = by_address.into_values().flatten().collect();
    table.change_links(orphans, missing).await?;
    Ok(pods)
}
