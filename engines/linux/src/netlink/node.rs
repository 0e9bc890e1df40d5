//! What the node itself has: forwarding, addresses and routes for services.

use super::rtnl::*;
use super::socket::Socket;
use super::wire::{CREATE, DUMP, REPLACE, REQUEST, Wire};
use ipnet::IpNet;
use kernel::net::NetError;
use rustix::io::Errno;
use std::net::IpAddr;

const DEL_ADDRESS: u16 = 21;
const GET_ADDRESS: u16 = 22;
const DEL_ROUTE: u16 = 25;
const SCOPE_HOST: u8 = 254;

pub fn enable_forwarding(v6: bool) -> Result<(), NetError> {
    write_setting("net/ipv4/ip_forward", "1")?;
    if v6 { write_setting("net/ipv6/conf/all/forwarding", "1") } else { Ok(()) }
}

pub fn hold_address(host: &mut Socket, address: IpAddr) -> Result<(), NetError> {
    let mut asked = Request::new(host);
    asked.link_up(LOOPBACK);
    // Scope host: an address of wider scope on the loopback link would be chosen as a source by masquerading.
    asked.add(NEW_ADDRESS, CREATE | REPLACE, &address_header(address, SCOPE_HOST, LOOPBACK), |wire| {
        address_body(wire, address)
    });
    asked.send().map_err(|errno| NetError::new(format!("hold {address}"), errno))
}

pub fn release_address(host: &mut Socket, address: IpAddr) -> Result<(), NetError> {
    let mut asked = Request::new(host);
    asked.add(DEL_ADDRESS, 0, &address_header(address, SCOPE_HOST, LOOPBACK), |wire| address_body(wire, address));
    match asked.send() {
        Ok(()) | Err(Errno::ADDRNOTAVAIL) => Ok(()),
        Err(errno) => Err(NetError::new(format!("release {address}"), errno)),
    }
}

/// Over the link that holds `source`. The rules change the destination before anything is sent; over the loopback link
/// a refusal would be lost, because the kernel would sign it with an address that nobody holds.
pub fn route_to_rules(host: &mut Socket, range: IpNet, source: IpAddr) -> Result<(), NetError> {
    let index = holder_of(host, source)?;
    let mut asked = Request::new(host);
    asked.add(NEW_ROUTE, CREATE | REPLACE, &range_route(range), |wire| {
        wire.attr(RTA_DST, &octets(range.network()));
        wire.ne32(RTA_OIF, index);
        wire.attr(RTA_PREFSRC, &octets(source));
    });
    asked.send().map_err(|errno| NetError::new(format!("route {range}"), errno))
}

pub fn unroute(host: &mut Socket, range: IpNet) -> Result<(), NetError> {
    let mut asked = Request::new(host);
    asked.add(DEL_ROUTE, 0, &range_route(range), |wire| wire.attr(RTA_DST, &octets(range.network())));
    match asked.send() {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(errno) => Err(NetError::new(format!("unroute {range}"), errno)),
    }
}

/// The link that has an address.
fn holder_of(socket: &mut Socket, address: IpAddr) -> Result<u32, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_ADDRESS, REQUEST | DUMP, sequence, &[family(address), 0, 0, 0, 0, 0, 0, 0], |_| {});
    let mut holder = None;
    let dumped = socket.dump(wire.bytes(), sequence, |message| {
        let attrs = message.attrs(8);
        let held = attrs.find(IFA_LOCAL).or_else(|| attrs.find(IFA_ADDRESS)).and_then(address_of);
        if held == Some(address) {
            holder = link_index_of(message.body);
        }
    });
    let failed = |errno| NetError::new(format!("find the link of {address}"), errno);
    dumped.map_err(failed)?;
    holder.ok_or_else(|| failed(Errno::ADDRNOTAVAIL))
}

fn range_route(range: IpNet) -> [u8; 12] {
    let family = family(range.addr());
    [family, range.prefix_len(), 0, 0, TABLE_MAIN, OUR_PROTOCOL, SCOPE_UNIVERSE, UNICAST, 0, 0, 0, 0]
}
