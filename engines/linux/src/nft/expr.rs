//! Expressions of rules.

use super::element::write_verdict;
use crate::netlink::wire::Wire;
use kernel::net::{End, Expr, Family, Header, Memory, Meta, Reg};

const ITEM: u16 = 1;
const NAME: u16 = 1;
const BODY: u16 = 2;
const DATA_VALUE: u16 = 1;
/// The first of the 4-byte registers.
const FIRST_REGISTER: u32 = 8;
const VERDICT_REGISTER: u32 = 0;

pub(super) fn write(wire: &mut Wire, expr: &Expr) {
    wire.nest(ITEM, |wire| {
        wire.text(NAME, name(expr));
        wire.nest(BODY, |wire| body(wire, expr));
    });
}

fn name(expr: &Expr) -> &'static str {
    match expr {
        Expr::Meta { .. } | Expr::SetMeta { .. } => "meta",
        Expr::Load { .. } => "payload",
        Expr::Constant { .. } | Expr::Conclude(_) => "immediate",
        Expr::Compare { .. } => "cmp",
        Expr::Bits { .. } => "bitwise",
        Expr::Contains { .. } | Expr::Lookup { .. } | Expr::Dispatch { .. } => "lookup",
        Expr::Random { .. } => "numgen",
        Expr::AddressType { .. } => "fib",
        Expr::Remember { .. } => "dynset",
        Expr::Destination { .. } => "nat",
        Expr::Masquerade => "masq",
        Expr::Reject => "reject",
    }
}

fn body(wire: &mut Wire, expr: &Expr) {
    match expr {
        Expr::Meta { key, into } => meta(wire, *key, *into),
        Expr::SetMeta { key, from } => set_meta(wire, *key, *from),
        Expr::Load { from, offset, length, into } => load(wire, *from, *offset, *length, *into),
        Expr::Constant { value, into } => constant(wire, value, *into),
        Expr::Conclude(verdict) => {
            wire.be32(1, VERDICT_REGISTER);
            wire.nest(2, |wire| write_verdict(wire, verdict));
        }
        Expr::Compare { from, equal, value } => compare(wire, *from, *equal, value),
        Expr::Bits { from, into, mask, flip } => bits(wire, *from, *into, mask, flip),
        Expr::Contains { set, key, present } => {
            lookup(wire, set, *key, None);
            wire.be32(5, u32::from(!present));
        }
        Expr::Lookup { set, key, into } => lookup(wire, set, *key, Some(number(*into))),
        Expr::Dispatch { set, key } => lookup(wire, set, *key, Some(VERDICT_REGISTER)),
        Expr::Random { below, into } => random(wire, *below, *into),
        Expr::AddressType { of, into } => address_type(wire, *of, *into),
        Expr::Remember { set, key, data, how } => remember(wire, set, *key, *data, *how),
        Expr::Destination { family, address, port } => destination(wire, *family, *address, *port),
        Expr::Masquerade => wire.be32(1, FULLY_RANDOM_PORTS),
        Expr::Reject => {
            wire.be32(1, ICMP_OF_EITHER_FAMILY);
            wire.attr(2, &[PORT_UNREACHABLE]);
        }
    }
}

const FULLY_RANDOM_PORTS: u32 = 1 << 4;
const ICMP_OF_EITHER_FAMILY: u32 = 2;
const PORT_UNREACHABLE: u8 = 1;

fn number(register: Reg) -> u32 {
    FIRST_REGISTER + u32::from(register.0)
}

fn meta_number(key: Meta) -> u32 {
    match key {
        Meta::Priority => 2,
        Meta::Mark => 3,
        Meta::InLink => 6,
        Meta::OutLink => 7,
        Meta::Family => 15,
        Meta::Protocol => 16,
    }
}

fn meta(wire: &mut Wire, key: Meta, into: Reg) {
    wire.be32(2, meta_number(key));
    wire.be32(1, number(into));
}

fn set_meta(wire: &mut Wire, key: Meta, from: Reg) {
    wire.be32(2, meta_number(key));
    wire.be32(3, number(from));
}

fn load(wire: &mut Wire, from: Header, offset: u32, length: u32, into: Reg) {
    let base = match from {
        Header::Network => 1,
        Header::Transport => 2,
    };
    wire.be32(1, number(into));
    wire.be32(2, base);
    wire.be32(3, offset);
    wire.be32(4, length);
}

fn constant(wire: &mut Wire, value: &[u8], into: Reg) {
    wire.be32(1, number(into));
    wire.nest(2, |wire| wire.attr(DATA_VALUE, value));
}

fn compare(wire: &mut Wire, from: Reg, equal: bool, value: &[u8]) {
    wire.be32(1, number(from));
    wire.be32(2, u32::from(!equal));
    wire.nest(3, |wire| wire.attr(DATA_VALUE, value));
}

fn bits(wire: &mut Wire, from: Reg, into: Reg, mask: &[u8], flip: &[u8]) {
    wire.be32(1, number(from));
    wire.be32(2, number(into));
    wire.be32(3, mask.len() as u32);
    wire.nest(4, |wire| wire.attr(DATA_VALUE, mask));
    wire.nest(5, |wire| wire.attr(DATA_VALUE, flip));
}

fn lookup(wire: &mut Wire, set: &str, key: Reg, into: Option<u32>) {
    wire.text(1, set);
    wire.be32(2, number(key));
    if let Some(into) = into {
        wire.be32(3, into);
    }
}

fn random(wire: &mut Wire, below: u32, into: Reg) {
    const RANDOM: u32 = 1;
    wire.be32(1, number(into));
    wire.be32(2, below);
    wire.be32(3, RANDOM);
}

fn address_type(wire: &mut Wire, of: End, into: Reg) {
    const ADDRESS_TYPE: u32 = 3;
    let flag = match of {
        End::Source => 1,
        End::Destination => 2,
    };
    wire.be32(1, number(into));
    wire.be32(2, ADDRESS_TYPE);
    wire.be32(3, flag);
}

fn remember(wire: &mut Wire, set: &str, key: Reg, data: Reg, how: Memory) {
    let (operation, timeout) = match how {
        Memory::Add => (0, None),
        Memory::Renew(timeout) => (1, Some(timeout)),
        Memory::Forget => (2, None),
    };
    wire.text(1, set);
    wire.be32(3, operation);
    wire.be32(4, number(key));
    wire.be32(5, number(data));
    if let Some(timeout) = timeout {
        wire.be64(6, timeout.as_millis() as u64);
    }
}

fn destination(wire: &mut Wire, family: Family, address: Reg, port: Reg) {
    const DESTINATION: u32 = 1;
    let family = match family {
        Family::V4 => libc::AF_INET,
        Family::V6 => libc::AF_INET6,
    };
    wire.be32(1, DESTINATION);
    wire.be32(2, family as u32);
    wire.be32(3, number(address));
    wire.be32(5, number(port));
}
