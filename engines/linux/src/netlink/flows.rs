//! Tracked connections, through the kernel's conntrack messages.

use super::socket::Socket;
use super::wire::{ACK, Attrs, DUMP, REQUEST, Received, Wire};
use kernel::net::{NetError, StaleFlows};
use rustix::io::Errno;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

const SUBSYSTEM: u16 = 1 << 8;
const GET: u16 = SUBSYSTEM | 1;
const DELETE: u16 = SUBSYSTEM | 2;
const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTO: u16 = 2;
const IP_V4_SOURCE: u16 = 1;
const IP_V4_DESTINATION: u16 = 2;
const IP_V6_SOURCE: u16 = 3;
const IP_V6_DESTINATION: u16 = 4;
const PROTO_NUMBER: u16 = 1;
const PROTO_SOURCE_PORT: u16 = 2;
const PROTO_DESTINATION_PORT: u16 = 3;

type ByPort<'a> = HashMap<u16, Vec<&'a StaleFlows>>;

/// Reads the flows of each family concerned once, and deletes those that are stale one by one: only recent kernels
/// take a filter with a deletion.
pub fn forget(socket: &mut Socket, stale: &[StaleFlows]) -> Result<usize, NetError> {
    let mut by_port = ByPort::new();
    for flows in stale {
        by_port.entry(flows.port).or_default().push(flows);
    }
    let mut forgotten = 0;
    for (family, v4) in [(libc::AF_INET as u8, true), (libc::AF_INET6 as u8, false)] {
        if stale.iter().any(|flows| flows.address.is_none_or(|address| address.is_ipv4() == v4)) {
            for tuple in stale_tuples(socket, family, &by_port)? {
                forgotten += usize::from(delete(socket, family, &tuple)?);
            }
        }
    }
    Ok(forgotten)
}

/// The original tuples, in the kernel's own bytes: they go back as they came.
fn stale_tuples(socket: &mut Socket, family: u8, stale: &ByPort<'_>) -> Result<Vec<Vec<u8>>, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET, REQUEST | DUMP, sequence, &[family, 0, 0, 0], |_| {});
    let mut found = Vec::new();
    socket
        .dump(wire.bytes(), sequence, |message| found.extend(stale_tuple(message, stale).map(<[u8]>::to_vec)))
        .map_err(|errno| NetError::new("list tracked flows", errno))?;
    Ok(found)
}

fn stale_tuple<'a>(message: Received<'a>, stale: &ByPort<'_>) -> Option<&'a [u8]> {
    let attrs = message.attrs(4);
    let original = attrs.find(TUPLE_ORIGINAL)?;
    let (protocol, _, to) = ends(Attrs(original))?;
    let (_, by, _) = ends(attrs.nested(TUPLE_REPLY)?)?;
    let covers = |flows: &&StaleFlows| flows.covers(protocol, to, by);
    stale.get(&to.port())?.iter().any(covers).then_some(original)
}

/// Protocol, source and destination of a tuple.
fn ends(tuple: Attrs<'_>) -> Option<(u8, SocketAddr, SocketAddr)> {
    let ip = tuple.nested(TUPLE_IP)?;
    let proto = tuple.nested(TUPLE_PROTO)?;
    let address = |v4, v6| {
        let of_v4 = || Some(IpAddr::from(<[u8; 4]>::try_from(ip.find(v4)?).ok()?));
        of_v4().or_else(|| Some(IpAddr::from(<[u8; 16]>::try_from(ip.find(v6)?).ok()?)))
    };
    let port = |kind| Some(u16::from_be_bytes(proto.find(kind)?.try_into().ok()?));
    let source = SocketAddr::new(address(IP_V4_SOURCE, IP_V6_SOURCE)?, port(PROTO_SOURCE_PORT)?);
    let destination = SocketAddr::new(address(IP_V4_DESTINATION, IP_V6_DESTINATION)?, port(PROTO_DESTINATION_PORT)?);
    Some((*proto.find(PROTO_NUMBER)?.first()?, source, destination))
}

fn delete(socket: &mut Socket, family: u8, tuple: &[u8]) -> Result<bool, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(DELETE, REQUEST | ACK, sequence, &[family, 0, 0, 0], |wire| {
        wire.nest(TUPLE_ORIGINAL, |wire| wire.raw(tuple));
    });
    match socket.request(wire.bytes(), sequence) {
        Ok(()) => Ok(true),
        // It ended by itself between the two.
        Err((_, Errno::NOENT)) => Ok(false),
        Err((_, errno)) => Err(NetError::new("forget a tracked flow", errno)),
    }
}
