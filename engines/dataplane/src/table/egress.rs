//! Sources of what leaves the node, and what may not come in.

use super::fragments::*;
use super::sets;
use crate::config::Config;
use ipnet::IpNet;
use kernel::net::{End, Expr, Family, Meta, Reg, Rule};
use netplan::LINK_PREFIX;

/// A pod that reached itself, what was marked, and what leaves the cluster, get the node's address as their source.
pub fn postrouting(config: &Config) -> Vec<Rule> {
    let masquerade = || vec![Expr::Masquerade];
    let mut rules = FAMILIES.map(|family| concat([to_a_wire(), hairpin(family), masquerade()])).to_vec();
    rules.push(concat([to_a_wire(), is_marked(), masquerade()]));
    // A loopback source is only here if its destination was changed from a loopback address.
    rules.push(concat([to_a_wire(), is_family(Family::V4), loopback(End::Source), masquerade()]));
    rules.extend(config.cluster_ranges.iter().map(|range| leaving(config, range)));
    rules
}

fn to_a_wire() -> Vec<Expr> {
    link_is(Meta::OutLink, b"lo\0", false)
}

fn link_is(key: Meta, name: &[u8], equal: bool) -> Vec<Expr> {
    vec![Expr::Meta { key, into: VALUE }, Expr::Compare { from: VALUE, equal, value: name.to_vec() }]
}

fn hairpin(family: Family) -> Vec<Expr> {
    let destination = Reg(KEY.0 + words(family));
    let ends = vec![load_address(family, End::Source, KEY), load_address(family, End::Destination, destination)];
    concat([is_family(family), ends, contains(sets::HAIRPIN, family)])
}

fn is_marked() -> Vec<Expr> {
    let bit: Vec<u8> = super::MASQUERADE.to_ne_bytes().into();
    vec![
        Expr::Meta { key: Meta::Mark, into: KEY },
        Expr::Bits { from: KEY, into: KEY, mask: bit.clone(), flip: vec![0; 4] },
        Expr::Compare { from: KEY, equal: true, value: bit },
    ]
}

fn loopback(end: End) -> Vec<Expr> {
    vec![load_address(Family::V4, end, KEY), Expr::Compare { from: KEY, equal: true, value: vec![127] }]
}

fn leaving(config: &Config, from: &IpNet) -> Rule {
    let family = if from.addr().is_ipv4() { Family::V4 } else { Family::V6 };
    let kept = of_family(&config.cluster_ranges, family).chain(of_family(&config.no_masquerade, family));
    let elsewhere: Vec<Expr> = kept.flat_map(|range| within(range, End::Destination, false)).collect();
    let not_to_a_pod = link_is(Meta::OutLink, LINK_PREFIX.as_bytes(), false);
    concat([
        is_family(family),
        within(from, End::Source, true),
        elsewhere,
        not_to_a_pod,
        to_a_wire(),
        vec![Expr::Masquerade],
    ])
}

/// The links of pods let loopback addresses through, for answers of host ports. Nobody may send any from a wire: by
/// then an answer still carries the node's address.
pub fn loopback_from_a_wire() -> Rule {
    concat([link_is(Meta::InLink, b"lo\0", false), is_family(Family::V4), loopback(End::Destination), drop_it()])
}
