//! The chains. The way of a new connection: host ports; marks (masquerade, from outside); one lookup of the frontend;
//! by its class to the chain of its number of slots; one lookup of a random slot; a new destination. Established
//! connections are not seen here at all.
//!
//! A service map from addresses to chains would be one lookup less, but the kernel walks the whole of a map that names
//! chains whenever an element is added: with classes instead, a change costs the same at 10 and at 30,000 services.
//! Registers do not survive from rule to rule, so the key is loaded again where it is needed; only first packets pay.
//! The class goes from one rule to the next in the packet's priority, which routing does not look at, and which is
//! cleared before the packet leaves. The kernel would also look up at once what another lookup found, but the nft
//! program dies when it lists such a rule.

use super::elements::{DROP, HERE, REJECT, SPREAD};
use super::sets::{self, Pair};
use super::sticky;
use crate::config::Config;
use ipnet::IpNet;
use kernel::net::{
    Chain, Element, End, Expr, Family, Header, Hook, HookKind, HookPoint, Meta, Reg, Rule, Table, Value, Verdict,
};
use netplan::{LINK_PREFIX, slot_sizes};

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
const SERVICES: &str = "services";
const REFUSE: &str = "refuse";
/// Free in every rule: keys start at the first register, values at the ninth.
const SCRATCH: Reg = Reg(15);
const KEY: Reg = Reg(0);
const VALUE: Reg = Reg(8);
const LOCAL: u32 = 2;

pub fn table(config: &Config) -> Table {
    let mut chains = vec![
        chain(SERVICES, services(config)),
        chain(REFUSE, vec![vec![Expr::Reject]]),
        hooked("prerouting", HookKind::Nat, HookPoint::Prerouting, -100, vec![to_services()]),
        hooked("output", HookKind::Nat, HookPoint::Output, -100, vec![to_services()]),
        hooked("postrouting", HookKind::Nat, HookPoint::Postrouting, 100, postrouting(config)),
        hooked("guard", HookKind::Filter, HookPoint::Prerouting, -300, vec![loopback_from_a_wire()]),
    ];
    let mut fixed =
        vec![class(REJECT, Verdict::Goto(REFUSE.into())), class(DROP, Verdict::Drop), class(HERE, Verdict::Accept)];
    for size in slot_sizes() {
        let name = format!("spread-{size}");
        fixed.push(class(SPREAD | size, Verdict::Goto(name.clone())));
        chains.push(chain(&name, FAMILIES.map(|family| spread(family, size)).into()));
        chains.push(sticky::picker(size));
        fixed.push(sticky::picker_element(size));
    }
    Table { name: super::NAME, sets: sets::all(), chains, fixed }
}

pub(super) fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: None, rules }
}

fn hooked(name: &str, kind: HookKind, point: HookPoint, priority: i32, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: Some(Hook { kind, point, priority }), rules }
}

pub(super) fn class(class: u32, verdict: Verdict) -> Element {
    Element { set: sets::CLASSES, key: class.to_ne_bytes().into(), value: Value::Verdict(verdict) }
}

fn to_services() -> Rule {
    vec![Expr::Conclude(Verdict::Jump(SERVICES.into()))]
}

fn services(config: &Config) -> Vec<Rule> {
    let mut rules = Vec::new();
    for family in FAMILIES {
        rules.extend([host_port(family), host_port_anywhere(family)]);
        rules.push(concat([
            frontend(family, KEY),
            contains(sets::OUTSIDE, family),
            from_outside(config, family),
            mark(super::OUTSIDE),
        ]));
        rules.push(concat([frontend(family, KEY), contains(sets::MASQUERADED, family), mark(super::MASQUERADE)]));
        // Policy Local keeps the source, except the node's own: an answer to it would not come back through here.
        let from_the_node = address_type(End::Source, true);
        rules.push(concat([
            frontend(family, KEY),
            contains(sets::OUTSIDE, family),
            from_the_node,
            mark(super::MASQUERADE),
        ]));
        for range in of_family(&config.service_ranges, family) {
            let to_range = within(range, End::Destination, true);
            let not_pods = not_from(&config.cluster_ranges, family);
            rules.push(concat([is_family(family), to_range, not_pods, mark(super::MASQUERADE)]));
        }
        rules.extend([refuse_strangers(family), classify(family), dispatch(sets::CLASSES)]);
        let to_cluster_ip = load_address(family, End::Destination, KEY);
        rules.push(concat([
            is_family(family),
            vec![to_cluster_ip],
            contains(sets::CLUSTER_IPS, family),
            vec![Expr::Reject],
        ]));
        for range in of_family(&config.service_ranges, family) {
            rules.push(concat([is_family(family), within(range, End::Destination, true), drop_it()]));
        }
    }
    rules
}

/// A frontend may say from where it is reached; others get no answer.
fn refuse_strangers(family: Family) -> Rule {
    let client = load_address(family, End::Source, Reg(2 + words(family)));
    let stranger = Expr::Contains { set: sets::ALLOWED.of(family), key: KEY, present: false };
    concat([frontend(family, KEY), contains(sets::GUARDED, family), vec![client, stranger], drop_it()])
}

fn drop_it() -> Rule {
    vec![Expr::Conclude(Verdict::Drop)]
}

pub(super) fn concat<const N: usize>(parts: [Vec<Expr>; N]) -> Rule {
    parts.into_iter().flatten().collect()
}

fn of_family(ranges: &[IpNet], family: Family) -> impl Iterator<Item = &IpNet> {
    ranges.iter().filter(move |range| range.addr().is_ipv4() == (family == Family::V4))
}

fn is_family(family: Family) -> Vec<Expr> {
    let number = if family == Family::V4 { 2 } else { 10 };
    vec![
        Expr::Meta { key: Meta::Family, into: SCRATCH },
        Expr::Compare { from: SCRATCH, equal: true, value: vec![number] },
    ]
}

fn words(family: Family) -> u8 {
    if family == Family::V4 { 1 } else { 4 }
}

pub(super) fn load_address(family: Family, end: End, into: Reg) -> Expr {
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
fn port_behind(family: Family, at: Reg) -> [Expr; 2] {
    let protocol = Reg(at.0 + words(family));
    let port = Reg(protocol.0 + 1);
    [
        Expr::Meta { key: Meta::Protocol, into: protocol },
        Expr::Load { from: Header::Transport, offset: 2, length: 2, into: port },
    ]
}

fn frontend(family: Family, at: Reg) -> Vec<Expr> {
    let mut rule = is_family(family);
    rule.push(load_address(family, End::Destination, at));
    rule.extend(port_behind(family, at));
    rule
}

/// The frontend in the scope that the mark says, from the first register on.
pub(super) fn scoped(family: Family) -> Vec<Expr> {
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
pub(super) fn behind_scoped(family: Family) -> Reg {
    Reg(3 + words(family))
}

/// The class, if the frontend is a service's.
fn classify(family: Family) -> Rule {
    let class = Expr::Lookup { set: sets::SERVICES.of(family), key: KEY, into: VALUE };
    concat([scoped(family), vec![class, Expr::SetMeta { key: Meta::Priority, from: VALUE }]])
}

pub(super) fn dispatch(set: &'static str) -> Rule {
    vec![Expr::Meta { key: Meta::Priority, into: KEY }, Expr::Dispatch { set, key: KEY }]
}

/// Nobody else sees what the priority was used for.
pub(super) fn redirect(family: Family, address: Reg) -> [Expr; 3] {
    let port = Reg(address.0 + words(family));
    [
        Expr::Constant { value: vec![0; 4], into: KEY },
        Expr::SetMeta { key: Meta::Priority, from: KEY },
        Expr::Destination { family, address, port },
    ]
}

fn spread(family: Family, size: u32) -> Rule {
    let draw = Expr::Random { below: size, into: behind_scoped(family) };
    let found = Expr::Lookup { set: sets::SLOTS.of(family), key: KEY, into: VALUE };
    concat([scoped(family), vec![draw, found], redirect(family, VALUE).into()])
}

fn contains(set: Pair, family: Family) -> Vec<Expr> {
    vec![Expr::Contains { set: set.of(family), key: KEY, present: true }]
}

fn host_port(family: Family) -> Rule {
    let found = Expr::Lookup { set: sets::HOST_PORTS.of(family), key: KEY, into: VALUE };
    concat([frontend(family, KEY), vec![found], redirect(family, VALUE).into()])
}

fn host_port_anywhere(family: Family) -> Rule {
    let [protocol, port] = port_behind(family, KEY);
    let found = Expr::Lookup { set: sets::ANY_HOST_PORTS.of(family), key: Reg(words(family)), into: VALUE };
    let to_this_node = address_type(End::Destination, true);
    concat([is_family(family), vec![protocol, port, found], to_this_node, redirect(family, VALUE).into()])
}

fn address_type(of: End, local: bool) -> Vec<Expr> {
    let value = LOCAL.to_ne_bytes().into();
    vec![Expr::AddressType { of, into: SCRATCH }, Expr::Compare { from: SCRATCH, equal: local, value }]
}

/// Neither a pod nor this node.
fn from_outside(config: &Config, family: Family) -> Vec<Expr> {
    concat([not_from(&config.cluster_ranges, family), address_type(End::Source, false)])
}

fn not_from(ranges: &[IpNet], family: Family) -> Vec<Expr> {
    of_family(ranges, family).flat_map(|range| within(range, End::Source, false)).collect()
}

fn within(range: &IpNet, end: End, inside: bool) -> Vec<Expr> {
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

fn mark(bit: u32) -> Vec<Expr> {
    let mask = (!bit).to_ne_bytes().into();
    let flip = bit.to_ne_bytes().into();
    vec![
        Expr::Meta { key: Meta::Mark, into: VALUE },
        Expr::Bits { from: VALUE, into: VALUE, mask, flip },
        Expr::SetMeta { key: Meta::Mark, from: VALUE },
    ]
}

/// A pod that reached itself, what was marked, and what leaves the cluster, get the node's address as their source.
fn postrouting(config: &Config) -> Vec<Rule> {
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
fn loopback_from_a_wire() -> Rule {
    concat([link_is(Meta::InLink, b"lo\0", false), is_family(Family::V4), loopback(End::Destination), drop_it()])
}
