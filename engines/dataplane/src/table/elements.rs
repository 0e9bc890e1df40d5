//! Rows to elements: the bytes that the chains look up.

use super::sets;
use kernel::net::{Element, Family, Value as Bytes};
use netplan::{Backend, Frontend, GroupId, Key, Protocol, Row, Scope, Target, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Numbers of slots are their own classes; the others stand above every number of slots.
pub const STICKY: u32 = 0x4000_0000;
pub const REJECT: u32 = 0x8000_0000;
pub const DROP: u32 = 0x8000_0001;
pub const HERE: u32 = 0x8000_0002;

pub fn element(row: &Row) -> Element {
    let mut key = Writer::default();
    let set = match row.key {
        Key::ClusterIp(address) => sets::CLUSTER_IPS.of(key.address(address)),
        Key::Outside(frontend) => sets::OUTSIDE.of(key.frontend(frontend)),
        Key::Masquerade(frontend) => sets::MASQUERADED.of(key.frontend(frontend)),
        Key::Service(scope, frontend) => {
            key.word(if scope == Scope::Outside { super::OUTSIDE } else { 0 });
            sets::SERVICES.of(key.frontend(frontend))
        }
        Key::Slot(family, group, slot) => {
            key.group(group);
            key.word(slot);
            sets::SLOTS.of(if family == netplan::Family::V4 { Family::V4 } else { Family::V6 })
        }
        Key::Member(group, backend) => {
            key.group(group);
            sets::MEMBERS.of(key.backend(backend))
        }
    };
    Element { set, key: key.0, value: value(row.value) }
}

fn value(value: Value) -> Bytes {
    let mut out = Writer::default();
    match value {
        Value::Present => return Bytes::Nothing,
        Value::Backend(backend) => drop(out.backend(backend)),
        Value::Target(target) => out.target(target),
    }
    Bytes::Bytes(out.0)
}

/// The affinity time of an element of the services, if it has one.
pub fn affinity_of(element: &Element) -> Option<u32> {
    let Bytes::Bytes(bytes) = &element.value else { return None };
    let class = u32::from_ne_bytes(bytes.get(8..12)?.try_into().ok()?);
    let of_services = element.set == sets::SERVICES.v4 || element.set == sets::SERVICES.v6;
    (of_services && class & (STICKY | REJECT) == STICKY).then_some(class & !STICKY)
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
    let any = if to.address.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let mut key = Writer::default();
    let family = key.frontend(Frontend { address: host.unwrap_or(any), protocol, port });
    Element { set: sets::HOST_PORTS.of(family), key: key.0, value: value(Value::Backend(to)) }
}

/// The pod that an element of the host ports, or of the hairpins, belongs to.
pub fn host_port_of(element: &Element) -> Option<IpAddr> {
    let bytes = match &element.value {
        Bytes::Bytes(bytes) => bytes.as_slice(),
        _ => element.key.as_slice(),
    };
    if element.set == sets::HOST_PORTS.v4 || element.set == sets::HAIRPIN.v4 {
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

    fn frontend(&mut self, frontend: Frontend) -> Family {
        let family = self.address(frontend.address);
        self.0.extend_from_slice(&[frontend.protocol.number(), 0, 0, 0]);
        self.port(frontend.port);
        family
    }

    fn backend(&mut self, backend: Backend) -> Family {
        let family = self.address(backend.address);
        self.port(backend.port);
        family
    }

    fn group(&mut self, group: GroupId) {
        self.0.extend_from_slice(&group.0.to_be_bytes());
    }

    fn target(&mut self, target: Target) {
        let (group, class, slots) = match target {
            Target::Spread { group, slots } => (group, slots, slots),
            Target::Sticky { group, slots, seconds } => (group, STICKY | seconds, slots),
            Target::Reject => (GroupId(0), REJECT, 0),
            Target::Drop => (GroupId(0), DROP, 0),
            Target::Here => (GroupId(0), HERE, 0),
        };
        self.group(group);
        self.word(class);
        self.word(slots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::net::Holds;

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
            let group = GroupId(7);
            let family = netplan::Family::of(address);
            let target = Value::Target(Target::Sticky { group, slots: 3, seconds: 60 });
            let rows = [
                (Key::ClusterIp(address), Value::Present),
                (Key::Outside(frontend), Value::Present),
                (Key::Masquerade(frontend), Value::Present),
                (Key::Service(Scope::Outside, frontend), target),
                (Key::Slot(family, group, 2), Value::Backend(backend)),
                (Key::Member(group, backend), Value::Present),
            ];
            for (key, value) in rows {
                let element = element(&Row { key, value });
                check(&element);
                assert_eq!(affinity_of(&element), matches!(key, Key::Service(..)).then_some(60));
            }
            for element in [hairpin(address), host_port(None, Protocol::Udp, 53, backend)] {
                check(&element);
                assert_eq!(host_port_of(&element), Some(address));
            }
        }
    }
}
