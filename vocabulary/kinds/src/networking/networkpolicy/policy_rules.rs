//! What a network policy must satisfy between its fields.

use crate::check;
use meta::{Cursor, ErrorList, FieldError};
use std::net::IpAddr;

const TYPES: [&str; 2] = ["Ingress", "Egress"];

pub fn check(spec: &Cursor<'_>, out: &mut ErrorList) {
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.at(direction).items() {
            rule.at("ports").items().for_each(|port| end_port(&port, out));
            rule.at(peers).items().for_each(|peer| check_peer(&peer, out));
        }
    }
    let types = spec.at("policyTypes");
    match types.items().count() > TYPES.len() {
        true => check::invalid(&types, "may not specify more than two policyTypes", out),
        false => types.items().for_each(|word| check::one_of(&word, &TYPES, out)),
    }
}

fn end_port(port: &Cursor<'_>, out: &mut ErrorList) {
    let (first, last) = (port.at("port"), port.at("endPort"));
    if last.is_null() {
        return;
    }
    match first.value.as_int() {
        Some(number) => {
            if last.int() < number {
                out.push(FieldError::invalid(&last.path, number, "must be greater than or equal to `port`"));
            }
            check::port(&last, out);
        }
        None if first.is_null() => check::invalid(&last, "may not be specified when `port` is not specified", out),
        None => check::invalid(&last, "may not be specified when `port` is non-numeric", out),
    }
}

fn check_peer(peer: &Cursor<'_>, out: &mut ErrorList) {
    let block = peer.at("ipBlock");
    let given =
        ["podSelector", "namespaceSelector", "ipBlock"].iter().filter(|field| !peer.at(field).is_null()).count();
    match given {
        0 => out.push(FieldError::required(&peer.path, "must specify a peer")),
        1 => {}
        _ if !block.is_null() => check::forbidden(&peer.path, "may not specify both ipBlock and another peer", out),
        _ => {}
    }
    let Some(whole) = range(block.at("cidr").str()) else { return };
    for except in block.at("except").items() {
        if range(except.str()).is_some_and(|part| !is_strict_subset(part, whole)) {
            check::invalid(&except, "must be a strict subset of `cidr`", out);
        }
    }
}

fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

fn is_strict_subset(part: (IpAddr, u32), whole: (IpAddr, u32)) -> bool {
    let within = match (part.0, whole.0) {
        (IpAddr::V4(part), IpAddr::V4(whole_address)) => {
            let shift = 32u32.saturating_sub(whole.1);
            part.to_bits().checked_shr(shift) == whole_address.to_bits().checked_shr(shift)
        }
        (IpAddr::V6(part), IpAddr::V6(whole_address)) => {
            let shift = 128u32.saturating_sub(whole.1);
            part.to_bits().checked_shr(shift) == whole_address.to_bits().checked_shr(shift)
        }
        _ => false,
    };
    within && part.1 > whole.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_parts_of_the_whole() {
        for (part, whole, expected) in [
            ("10.1.0.0/16", "10.0.0.0/8", true),
            ("10.0.0.0/8", "10.0.0.0/8", false),
            ("11.0.0.0/16", "10.0.0.0/8", false),
            ("1.2.3.4/32", "0.0.0.0/0", true),
            ("2001:db8:1::/48", "2001:db8::/32", true),
            ("10.0.0.0/16", "2001:db8::/8", false),
        ] {
            let both = (range(part).expect("a range"), range(whole).expect("a range"));
            assert_eq!(is_strict_subset(both.0, both.1), expected, "{part} {whole}");
        }
    }
}
