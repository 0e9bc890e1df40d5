//! Pieces of rules. A key is loaded from the first register on, a value is found from the ninth on.

use super::sets::{self, Pair};
use ipnet::IpNet;
use kernel::net::{Chain, Element, End, Expr, Family, Header, Meta, Reg, Rule, Value, Verdict};

pub const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
/// Free in every rule: keys start at the first register, values at the ninth.
pub const SCRATCH: Reg = Reg(15);
pub const KEY: Reg = Reg(0);
pub const VALUE: Reg = Reg(8);
pub const LOCAL: u32 = 2;

pub fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: None, rules }
}

pub fn class(class: u32, verdict: Verdict) -> Element {
    Element { set: sets::CLASSES, key: class.to_ne_bytes().into(), value: Value::Verdict(verdict) }
}

pub fn drop_it() -> Rule {
    vec![Expr::Conclude(Verdict::Drop)]
}

pub fn concat<const N: usize>(parts: [Vec<Expr>; N]) -> Rule {
    parts.into_iter().flatten().collect()
}

pub fn of_family(ranges: &[IpNet], family: Family) -> impl Iterator<Item = &IpNet> {
    ranges.iter().filter(move |range| range.addr().is_ipv4() == (family == Family::V4))
}

pub fn is_family(family: Family) -> Vec<Expr> {
    let number = if family == Family::V4 { 2 } else { 10 };
    vec![
        Expr::Meta { key: Meta::Family, into: SCRATCH },
        Expr::Compare { from: SCRATCH, equal: true, value: vec![number] },
    ]
}

pub fn words(family: Family) -> u8 {
    if family == Family::V4 { 1 } else { 4 }
}

pub fn load_address(family: Family, end: End, into: Reg) -> Expr {
    let (offset, length) = match (family, end) {
        (Family::V4, End::Source) => (12, 4),
        (Family::V4, End::Destination) => (16, 4),
        (Family::V6, End::Source) => (8, 16),
        (Family::V6, End::Destination) => (24, 16),
    };
    Expr::Load { from: Header::Network, offset, length, into }
}

/// Protocol and port behind an address that starts at `at`. TCP, UDP and SCTP keep the port at the same place; of
/// other protocols the key is in no set.
pub fn port_behind(family: Family, at: Reg) -> [Expr; 2] {
    let protocol = Reg(at.0 + words(family));
    let port = Reg(protocol.0 + 1);
    [
        Expr::Meta { key: Meta::Protocol, into: protocol },
        Expr::Load { from: Header::Transport, offset: 2, length: 2, into: port },
    ]
}

pub fn frontend(family: Family, at: Reg) -> Vec<Expr> {
    let mut rule = is_family(family);
    rule.push(load_address(family, End::Destination, at));
    rule.extend(port_behind(family, at));
    rule
}

/// The frontend in the scope that the mark says, from the first register on.
pub fn scoped(family: Family) -> Vec<Expr> {
    let scope = [
        Expr::Meta { key: Meta::Mark, into: KEY },
        Expr::Bits { from: KEY, into: KEY, mask: super::OUTSIDE.to_ne_bytes().into(), flip: vec![0; 4] },
    ];
    // The family is asked first: a rule of the other one ends there.
    concat([
        is_family(family),
        scope.into(),
        vec![load_address(family, End::Destination, Reg(1))],
        port_behind(family, Reg(1)).into(),
    ])
}

/// What may stand behind a scoped frontend in a key: a slot, or a client.
pub fn behind_scoped(family: Family) -> Reg {
    Reg(3 + words(family))
}

pub fn dispatch(set: &'static str) -> Rule {
    vec![Expr::Meta { key: Meta::Priority, into: KEY }, Expr::Dispatch { set, key: KEY }]
}

/// Nobody else sees what the priority was used for.
pub fn redirect(family: Family, address: Reg) -> [Expr; 3] {
    let port = Reg(address.0 + words(family));
    [
        Expr::Constant { value: vec![0; 4], into: KEY },
        Expr::SetMeta { key: Meta::Priority, from: KEY },
        Expr::Destination { family, address, port },
    ]
}

pub fn contains(set: Pair, family: Family) -> Vec<Expr> {
    vec![Expr::Contains { set: set.of(family), key: KEY, present: true }]
}

pub fn address_type(of: End, local: bool) -> Vec<Expr> {
    let value = LOCAL.to_ne_bytes().into();
    vec![Expr::AddressType { of, into: SCRATCH }, Expr::Compare { from: SCRATCH, equal: local, value }]
}

pub fn not_from(ranges: &[IpNet], family: Family) -> Vec<Expr> {
    of_family(ranges, family).flat_map(|range| within(range, End::Source, false)).collect()
}

pub fn within(range: &IpNet, end: End, inside: bool) -> Vec<Expr> {
    let family = if range.addr().is_ipv4() { Family::V4 } else { Family::V6 };
    let at = Reg(VALUE.0);
    let (mask, value) = match range.trunc() {
        IpNet::V4(range) => (range.netmask().octets().to_vec(), range.network().octets().to_vec()),
        IpNet::V6(range) => (range.netmask().octets().to_vec(), range.network().octets().to_vec()),
    };
    let flip = vec![0; mask.len()];
    vec![
        load_address(family, end, at),
        Expr::Bits { from: at, into: at, mask, flip },
        Expr::Compare { from: at, equal: inside, value },
    ]
}

pub fn mark(bit: u32) -> Vec<Expr> {
    let mask = (!bit).to_ne_bytes().into();
    let flip = bit.to_ne_bytes().into();
    vec![
        Expr::Meta { key: Meta::Mark, into: VALUE },
        Expr::Bits { from: VALUE, into: VALUE, mask, flip },
        Expr::SetMeta { key: Meta::Mark, from: VALUE },
    ]
}
