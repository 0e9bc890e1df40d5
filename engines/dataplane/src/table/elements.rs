//! Rows to elements: the bytes that the chains look up.

use super::sets;
use ipnet::IpNet;
use kernel::net::{Element, Family, Value as Bytes};
use netplan::{Backend, Frontend, Key, Protocol, Row, Scope, Target, Value};
use std::net::IpAddr;

/// A class travels in the packet's priority. Its upper half is none that anybody else gives to a packet; behind it
/// stand the number of slots, or the seconds of an affinity, which need 18 bits at most.
const PARAMETER: u32 = 0x000f_ffff;
pub const SPREAD: u32 = 0x6b10_0000;
pub const STICKY: u32 = 0x6b20_0000;
pub const REJECT: u32 = 0x6b30_0000;
pub const DROP: u32 = 0x6b40_0000;
pub const HERE: u32 = 0x6b50_0000;

pub fn element(row: &Row) -> Element {
    let mut key = Writer::default();
    let set = match row.key {
        Key::ClusterIp(address) => sets::CLUSTER_IPS.of(key.address(address)),
        Key::Outside(frontend) => sets::OUTSIDE.of(key.frontend(frontend)),
        Key::Masquerade(frontend) => sets::MASQUERADED.of(key.frontend(frontend)),
        Key::Guarded(frontend) => sets::GUARDED.of(key.frontend(frontend)),
        Key::Allowed(frontend, range) => return allowed(frontend, range),
        Key::Service(scope, frontend) => sets::SERVICES.of(key.scoped(scope, frontend)),
        Key::Size(scope, frontend) => sets::SIZES.of(key.scoped(scope, frontend)),
        Key::Slot(scope, frontend, slot) => sets::SLOTS.of(key.numbered(scope, frontend, slot)),
        Key::Choice(scope, frontend, slot) => sets::CHOICES.of(key.numbered(scope, frontend, slot)),
        Key::Member(scope, frontend, member) => sets::MEMBERS.of(key.numbered(scope, frontend, member.0)),
    };
    Element { set, key: key.0, value: value(row.value) }
}

fn allowed(frontend: Frontend, range: IpNet) -> Element {
    let ends = [range.network(), range.broadcast()].map(|client| {
        let mut key = Writer::default();
        key.frontend(frontend);
        key.address(client);
        key.0
    });
    let set = sets::ALLOWED.of(if range.addr().is_ipv4() { Family::V4 } else { Family::V6 });
    let [key, last] = ends;
    Element { set, key, value: Bytes::Until(last) }
}

fn value(value: Value) -> Bytes {
    let mut out = Writer::default();
    match value {
        Value::Present => return Bytes::Nothing,
        Value::Backend(backend) => drop(out.backend(backend)),
        Value::Target(target) => out.word(class(target)),
        Value::Size(size) => out.word(size),
        Value::Member(member) => out.word(member.0),
    }
    Bytes::Bytes(out.0)
}

fn class(target: Target) -> u32 {
    match target {
        Target::Spread { slots } => SPREAD | slots,
        Target::Sticky { seconds } => STICKY | seconds,
        Target::Reject => REJECT,
        Target::Drop => DROP,
        Target::Here => HERE,
    }
}

/// The affinity time of an element of the services, if it has one.
pub fn affinity_of(element: &Element) -> Option<u32> {
    let Bytes::Bytes(bytes) = &element.value else { return None };
    let class = u32::from_ne_bytes(bytes.as_slice().try_into().ok()?);
    let of_services = element.set == sets::SERVICES.v4 || element.set == sets::SERVICES.v6;
    (of_services && class & !PARAMETER == STICKY).then_some(class & PARAMETER)
}

/// A pod that reaches itself through a service must see the node as its client.
pub fn hairpin(address: IpAddr) -> Element {
    let mut key = Writer::default();
    key.address(address);
    let family = key.address(address);
    Element { set: sets::HAIRPIN.of(family), key: key.0, value: Bytes::Nothing }
}

/// No address: any address of the node.
pub fn host_port(host: Option<IpAddr>, protocol: Protocol, port: u16, to: Backend) -> Element {
    let mut key = Writer::default();
    let set = match host {
        Some(address) => sets::HOST_PORTS.of(key.frontend(Frontend { address, protocol, port })),
        None => {
            key.protocol_and_port(protocol, port);
            sets::ANY_HOST_PORTS.of(if to.address.is_ipv4() { Family::V4 } else { Family::V6 })
        }
    };
    Element { set, key: key.0, value: value(Value::Backend(to)) }
}

/// The pod that an element of the host ports, or of the hairpins, belongs to.
pub fn host_port_of(element: &Element) -> Option<IpAddr> {
    let bytes = match &element.value {
        Bytes::Bytes(bytes) => bytes.as_slice(),
        _ => element.key.as_slice(),
    };
    if [sets::HOST_PORTS.v4, sets::ANY_HOST_PORTS.v4, sets::HAIRPIN.v4].contains(&element.set) {
        return Some(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?.into());
    }
    Some(<[u8; 16]>::try_from(bytes.get(..16)?).ok()?.into())
}

/// Fields one after the other, each filled up to four bytes.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_ne_bytes());
    }

    fn address(&mut self, address: IpAddr) -> Family {
        match address {
            IpAddr::V4(address) => self.0.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => self.0.extend_from_slice(&address.octets()),
        }
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    fn port(&mut self, port: u16) {
        let [high, low] = port.to_be_bytes();
        self.0.extend_from_slice(&[high, low, 0, 0]);
    }

    fn protocol_and_port(&mut self, protocol: Protocol, port: u16) {
        self.0.extend_from_slice(&[protocol.number(), 0, 0, 0]);
        self.port(port);
    }

    fn frontend(&mut self, frontend: Frontend) -> Family {
        let family = self.address(frontend.address);
        self.protocol_and_port(frontend.protocol, frontend.port);
        family
    }

    fn scoped(&mut self, scope: Scope, frontend: Frontend) -> Family {
        self.word(if scope == Scope::Outside { super::OUTSIDE } else { 0 });
        self.frontend(frontend)
    }

    fn numbered(&mut self, scope: Scope, frontend: Frontend, number: u32) -> Family {
        let family = self.scoped(scope, frontend);
        self.word(number);
        family
    }

    fn backend(&mut self, backend: Backend) -> Family {
        let family = self.address(backend.address);
        self.port(backend.port);
        family
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::net::Holds;
    use netplan::MemberId;

    fn widths(name: &str) -> (usize, usize) {
        let set = sets::all().into_iter().find(|set| set.name == name).unwrap();
        let value = if let Holds::Fields(fields) = set.holds { sets::width(fields) } else { 0 };
        (sets::width(set.key), value)
    }

    fn check(element: &Element) {
        let value = if let Bytes::Bytes(bytes) = &element.value { bytes.len() } else { 0 };
        assert_eq!((element.key.len(), value), widths(element.set), "{element:?}");
    }

    #[test]
    fn every_element_fits_its_set() {
        for address in ["10.0.0.1", "fd00::1"].map(|text| text.parse::<IpAddr>().unwrap()) {
            let frontend = Frontend { address, protocol: Protocol::Tcp, port: 80 };
            let backend = Backend { address, port: 8080 };
            let member = MemberId(7);
            let rows = [
                (Key::ClusterIp(address), Value::Present),
                (Key::Outside(frontend), Value::Present),
                (Key::Masquerade(frontend), Value::Present),
                (Key::Guarded(frontend), Value::Present),
                (Key::Allowed(frontend, IpNet::from(address)), Value::Present),
                (Key::Service(Scope::Outside, frontend), Value::Target(Target::Sticky { seconds: 60 })),
                (Key::Slot(Scope::Anyone, frontend, 2), Value::Backend(backend)),
                (Key::Size(Scope::Anyone, frontend), Value::Size(3)),
                (Key::Choice(Scope::Anyone, frontend, 2), Value::Member(member)),
                (Key::Member(Scope::Outside, frontend, member), Value::Backend(backend)),
            ];
            for (key, value) in rows {
                let element = element(&Row { key, value });
                check(&element);
                assert_eq!(affinity_of(&element), matches!(key, Key::Service(..)).then_some(60));
            }
            let host = host_port(Some(address), Protocol::Udp, 53, backend);
            for element in [host, hairpin(address), host_port(None, Protocol::Udp, 53, backend)] {
                check(&element);
                assert_eq!(host_port_of(&element), Some(address));
            }
        }
    }
}
