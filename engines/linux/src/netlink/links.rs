//! Links of pods.
//!
//! A pod's link is point-to-point: the pod sends everything to a gateway address that nobody holds, the node has one
//! host route a pod. Both ends know each other's MAC from the start (permanent neighbours), so that no ARP or neighbour
//! discovery is ever needed; the node's end carries no address that could leak into a source selection.

use super::rtnl::*;
use super::socket::{ROUTE, Socket};
use super::wire::{CREATE, DUMP, EXCLUSIVE, REPLACE, REQUEST, Wire};
use kernel::net::{KnownLink, NetError, PodLink};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

const IFLA_ADDRESS: u16 = 1;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
/// What a pod calls its router. Never on the wire: the neighbour entry is permanent.
const GATEWAY_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
const GATEWAY_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
const DEL_LINK: u16 = 17;
const GET_ROUTE: u16 = 26;
const SCOPE_LINK: u8 = 253;
const ONLINK: u32 = 4;
const RTA_GATEWAY: u16 = 5;

pub fn create_link(host: &mut Socket, link: &PodLink) -> Result<(), NetError> {
    let netns = open_netns(&link.netns)?;
    let mut inside = socket_inside(netns.as_fd())?;
    create_pair(host, link, netns.as_fd())?;
    let made = set_up_node_end(host, link).and_then(|()| set_up_pod_end(&mut inside, link));
    if made.is_err() {
        // Half a link is worse than none; the reason to report is the first failure.
        remove_link(host, &link.name).ok();
    }
    made
}

/// Makes the plainest pair there is, in a namespace that is thrown away.
pub fn try_pair(socket: &mut Socket) -> Result<(), Errno> {
    let mut asked = Request::new(socket);
    asked.add(NEW_LINK, CREATE | EXCLUSIVE, &link_header(0, 0), |wire| {
        wire.nest(IFLA_LINKINFO, |wire| wire.text(INFO_KIND, "veth"));
    });
    asked.send()
}

pub fn remove_link(host: &mut Socket, name: &str) -> Result<bool, NetError> {
    let mut asked = Request::new(host);
    asked.add(DEL_LINK, 0, &link_header(0, 0), |wire| wire.text(IFLA_IFNAME, name));
    match asked.send() {
        Ok(()) => Ok(true),
        Err(Errno::NODEV) => Ok(false),
        Err(errno) => Err(NetError::new(format!("remove link {name}"), errno)),
    }
}

pub fn list_links(host: &mut Socket, prefix: &str) -> Result<Vec<KnownLink>, NetError> {
    let mut links = links_by_index(host, prefix)?;
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (index, address) in routed_addresses(host, family as u8)? {
            if let Some(link) = links.get_mut(&index) {
                link.addresses.push(address);
            }
        }
    }
    let mut known: Vec<_> = links.into_values().collect();
    known.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(known)
}

fn open_netns(path: &Path) -> Result<std::os::fd::OwnedFd, NetError> {
    open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| NetError::new(format!("open {}", path.display()), errno))
}

/// A socket belongs to the namespace it was made in. A thread of its own goes there and never comes back, so that no
/// pooled thread can be left in the wrong place.
fn socket_inside(netns: BorrowedFd<'_>) -> Result<Socket, NetError> {
    let enter = || {
        move_into_link_name_space(netns, Some(LinkNameSpaceType::Network))?;
        Socket::open(ROUTE)
    };
    let made = std::thread::scope(|scope| scope.spawn(enter).join());
    let lost = |_| NetError::new("enter a network namespace", std::io::Error::other("the thread panicked"));
    made.map_err(lost)?.map_err(|errno| NetError::new("enter a network namespace", errno))
}

fn create_pair(host: &mut Socket, link: &PodLink, netns: BorrowedFd<'_>) -> Result<(), NetError> {
    let mut asked = Request::new(host);
    asked.add(NEW_LINK, CREATE | EXCLUSIVE, &link_header(0, 0), |wire| {
        link_end(wire, &link.name, link.node_mac, link.mtu);
        wire.nest(IFLA_LINKINFO, |wire| {
            wire.text(INFO_KIND, "veth");
            wire.nest(INFO_DATA, |wire| {
                wire.nest(VETH_PEER, |wire| {
                    wire.raw(&link_header(0, 0));
                    link_end(wire, &link.inside, link.pod_mac, link.mtu);
                    wire.ne32(IFLA_NET_NS_FD, netns.as_raw_fd() as u32);
                });
            });
        });
    });
    asked.send().map_err(|errno| NetError::new(format!("create link {}", link.name), errno))
}

/// One queue an end: the kernel uses no more of a new pair, but would make one a processor.
fn link_end(wire: &mut Wire, name: &str, mac: [u8; 6], mtu: Option<u32>) {
    wire.text(IFLA_IFNAME, name);
    wire.ne32(IFLA_NUM_TX_QUEUES, 1);
    wire.ne32(IFLA_NUM_RX_QUEUES, 1);
    wire.attr(IFLA_ADDRESS, &mac);
    if let Some(mtu) = mtu {
        wire.ne32(IFLA_MTU, mtu);
    }
}

fn set_up_node_end(host: &mut Socket, link: &PodLink) -> Result<(), NetError> {
    let index = link_index(host, &link.name)?;
    quiet_node_end(link)?;
    let mut asked = Request::new(host);
    asked.add(NEW_LINK, 0, &link_header(index, IFF_UP), |wire| wire.text(IFLA_IFALIAS, &link.owner));
    for &address in &link.addresses {
        asked.neighbour(index, address, link.pod_mac);
        let source = link.node_addresses.iter().copied().find(|own| own.is_ipv4() == address.is_ipv4());
        asked.add(NEW_ROUTE, CREATE | REPLACE, &host_route(address), |wire| {
            wire.attr(RTA_DST, &octets(address));
            wire.ne32(RTA_OIF, index);
            if let Some(source) = source {
                wire.attr(RTA_PREFSRC, &octets(source));
            }
        });
    }
    asked.send().map_err(|errno| NetError::new(format!("set up link {}", link.name), errno))
}

/// The node's end makes no traffic of its own, and answers to packets from 127.0.0.1 that were sent into a pod through
/// a host port may come back through it (the table drops anything else that claims such an address).
fn quiet_node_end(link: &PodLink) -> Result<(), NetError> {
    write_setting(&format!("net/ipv4/conf/{}/route_localnet", link.name), "1")?;
    if link.addresses.iter().any(IpAddr::is_ipv6) {
        write_setting(&format!("net/ipv6/conf/{}/addr_gen_mode", link.name), "1")
    } else {
        write_setting(&format!("net/ipv6/conf/{}/disable_ipv6", link.name), "1")
    }
}

fn set_up_pod_end(inside: &mut Socket, link: &PodLink) -> Result<(), NetError> {
    let index = link_index(inside, &link.inside)?;
    let mut asked = Request::new(inside);
    asked.link_up(LOOPBACK);
    asked.link_up(index);
    for &address in &link.addresses {
        asked.add(NEW_ADDRESS, CREATE | REPLACE, &address_header(address, SCOPE_UNIVERSE, index), |wire| {
            address_body(wire, address)
        });
        let gateway = if address.is_ipv4() { GATEWAY_V4 } else { GATEWAY_V6 };
        asked.neighbour(index, gateway, link.node_mac);
        asked.add(NEW_ROUTE, CREATE | REPLACE, &default_route(address), |wire| {
            wire.attr(RTA_GATEWAY, &octets(gateway));
            wire.ne32(RTA_OIF, index);
        });
    }
    asked.send().map_err(|errno| NetError::new(format!("set up {} inside the pod", link.inside), errno))
}

fn links_by_index(socket: &mut Socket, prefix: &str) -> Result<HashMap<u32, KnownLink>, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_LINK, REQUEST | DUMP, sequence, &link_header(0, 0), |_| {});
    let mut links = HashMap::new();
    let dumped = socket.dump(wire.bytes(), sequence, |message| {
        let attrs = message.attrs(16);
        let name = attrs.text(IFLA_IFNAME).filter(|name| name.starts_with(prefix));
        if let (Some(name), Some(index)) = (name, link_index_of(message.body)) {
            let owner = attrs.text(IFLA_IFALIAS).unwrap_or_default().to_owned();
            links.insert(index, KnownLink { name: name.to_owned(), owner, addresses: Vec::new() });
        }
    });
    dumped.map_err(|errno| NetError::new("list links", errno)).map(|()| links)
}

/// Our host routes: the link each leaves by, and its address.
fn routed_addresses(socket: &mut Socket, family: u8) -> Result<Vec<(u32, IpAddr)>, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_ROUTE, REQUEST | DUMP, sequence, &[family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], |_| {});
    let mut found = Vec::new();
    let dumped = socket.dump(wire.bytes(), sequence, |message| {
        let ours = message.body.get(5) == Some(&OUR_PROTOCOL);
        let attrs = message.attrs(12);
        let link = attrs.find(RTA_OIF).and_then(|bytes| Some(u32::from_ne_bytes(bytes.try_into().ok()?)));
        if let (true, Some(link), Some(address)) = (ours, link, attrs.find(RTA_DST).and_then(address_of)) {
            found.push((link, address));
        }
    });
    match dumped {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::AFNOSUPPORT) => Ok(found),
        Err(errno) => Err(NetError::new("list routes", errno)),
    }
}

fn host_route(address: IpAddr) -> [u8; 12] {
    let scope = if address.is_ipv4() { SCOPE_LINK } else { SCOPE_UNIVERSE };
    [family(address), bits(address), 0, 0, TABLE_MAIN, OUR_PROTOCOL, scope, UNICAST, 0, 0, 0, 0]
}

fn default_route(address: IpAddr) -> [u8; 12] {
    let mut header = [family(address), 0, 0, 0, TABLE_MAIN, OUR_PROTOCOL, SCOPE_UNIVERSE, UNICAST, 0, 0, 0, 0];
    header[8..12].copy_from_slice(&ONLINK.to_ne_bytes());
    header
}
