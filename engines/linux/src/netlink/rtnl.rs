//! The messages of links, addresses, routes and neighbours, as far as they are needed.

use super::socket::Socket;
use super::wire::{ACK, CREATE, REPLACE, REQUEST, Wire};
use kernel::net::NetError;
use rustix::io::Errno;
use std::net::IpAddr;
use std::path::Path;

pub const NEW_LINK: u16 = 16;
pub const GET_LINK: u16 = 18;
pub const NEW_ADDRESS: u16 = 20;
pub const NEW_ROUTE: u16 = 24;
pub const NEW_NEIGHBOUR: u16 = 28;
pub const IFLA_IFNAME: u16 = 3;
pub const IFA_ADDRESS: u16 = 1;
pub const IFA_LOCAL: u16 = 2;
pub const RTA_DST: u16 = 1;
pub const RTA_OIF: u16 = 4;
pub const RTA_PREFSRC: u16 = 7;
pub const NDA_DST: u16 = 1;
pub const NDA_LLADDR: u16 = 2;
pub const IFF_UP: u32 = 1;
pub const NO_DUPLICATE_DETECTION: u8 = 2;
pub const PERMANENT: u16 = 0x80;
pub const TABLE_MAIN: u8 = 254;
pub const SCOPE_UNIVERSE: u8 = 0;
pub const UNICAST: u8 = 1;
/// Marks our routes among others; unused by any routing daemon.
pub const OUR_PROTOCOL: u8 = 107;
pub const LOOPBACK: u32 = 1;

/// A kernel without the family has no such file, and nothing to quiet.
pub fn write_setting(path: &str, value: &str) -> Result<(), NetError> {
    match std::fs::write(Path::new("/proc/sys").join(path), value) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.starts_with("net/ipv6") => Ok(()),
        other => other.map_err(|error| NetError::new(format!("set {path}"), error)),
    }
}

pub fn link_index(socket: &mut Socket, name: &str) -> Result<u32, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_LINK, REQUEST | ACK, sequence, &link_header(0, 0), |wire| wire.text(IFLA_IFNAME, name));
    let mut index = None;
    socket
        .dump(wire.bytes(), sequence, |message| index = link_index_of(message.body).or(index))
        .map_err(|errno| NetError::new(format!("find link {name}"), errno))?;
    index.ok_or_else(|| NetError::new(format!("find link {name}"), Errno::NODEV))
}

pub fn link_index_of(body: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?))
}

pub fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

pub fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

pub fn family(address: IpAddr) -> u8 {
    (if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }) as u8
}

pub fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

pub fn link_header(index: u32, up: u32) -> [u8; 16] {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&up.to_ne_bytes());
    header[12..16].copy_from_slice(&up.to_ne_bytes());
    header
}

pub fn address_header(address: IpAddr, scope: u8, index: u32) -> [u8; 8] {
    let flags = if address.is_ipv6() { NO_DUPLICATE_DETECTION } else { 0 };
    let [a, b, c, d] = index.to_ne_bytes();
    [family(address), bits(address), flags, scope, a, b, c, d]
}

pub fn address_body(wire: &mut Wire, address: IpAddr) {
    wire.attr(IFA_LOCAL, &octets(address));
    wire.attr(IFA_ADDRESS, &octets(address));
}

/// Several messages in one send; each is acknowledged, the first refusal counts.
pub struct Request<'a> {
    socket: &'a mut Socket,
    wire: Wire,
    last: u32,
}

impl<'a> Request<'a> {
    pub fn new(socket: &'a mut Socket) -> Self {
        Self { socket, wire: Wire::default(), last: 0 }
    }

    pub fn add(&mut self, kind: u16, flags: u16, fixed: &[u8], body: impl FnOnce(&mut Wire)) {
        self.last = self.socket.next();
        self.wire.message(kind, flags | REQUEST | ACK, self.last, fixed, body);
    }

    pub fn link_up(&mut self, index: u32) {
        self.add(NEW_LINK, 0, &link_header(index, IFF_UP), |_| {});
    }

    pub fn neighbour(&mut self, link: u32, address: IpAddr, mac: [u8; 6]) {
        let mut header = [0; 12];
        header[0] = family(address);
        header[4..8].copy_from_slice(&link.to_ne_bytes());
        header[8..10].copy_from_slice(&PERMANENT.to_ne_bytes());
        self.add(NEW_NEIGHBOUR, CREATE | REPLACE, &header, |wire| {
            wire.attr(NDA_DST, &octets(address));
            wire.attr(NDA_LLADDR, &mac);
        });
    }

    pub fn send(self) -> Result<(), Errno> {
        self.socket.request(self.wire.bytes(), self.last).map_err(|(_, errno)| errno)
    }
}
