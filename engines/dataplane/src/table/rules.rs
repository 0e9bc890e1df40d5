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
use super::fragments::*;
use super::{egress, sets, sticky};
use crate::config::Config;
use kernel::net::{Chain, End, Expr, Family, Hook, HookKind, HookPoint, Meta, Reg, Rule, Table, Verdict};
use netplan::slot_sizes;

const SERVICES: &str = "services";
const REFUSE: &str = "refuse";

pub fn table(config: &Config) -> Table {
    let mut chains = vec![
        chain(SERVICES, services(config)),
        chain(REFUSE, vec![vec![Expr::Reject]]),
        hooked("prerouting", HookKind::Nat, HookPoint::Prerouting, -100, vec![to_services()]),
        hooked("output", HookKind::Nat, HookPoint::Output, -100, vec![to_services()]),
        hooked("postrouting", HookKind::Nat, HookPoint::Postrouting, 100, egress::postrouting(config)),
        hooked("guard", HookKind::Filter, HookPoint::Prerouting, -300, vec![egress::loopback_from_a_wire()]),
    ];
    let mut fixed =
        vec![class(REJECT, Verdict::Goto(REFUSE.into())), class(DROP, Verdict::Drop), class(HERE, Verdict::Accept)];
    for size in slot_sizes() {
        let name = format!("spread-{size}");
        fixed.push(class(SPREAD | size, Verdict::Jump(name.clone())));
        chains.push(chain(&name, FAMILIES.map(|family| spread(family, size)).into()));
        chains.push(sticky::picker(size));
        fixed.push(sticky::picker_element(size));
    }
    Table { name: super::NAME, sets: sets::all(), chains, fixed }
}

fn hooked(name: &str, kind: HookKind, point: HookPoint, priority: i32, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: Some(Hook { kind, point, priority }), rules }
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
        rules.push(refuse_strangers(family));
        // A commit may come between two lookups of one packet, and then the slot drawn may be gone: its chain returns,
        // and a second look sees the new state only.
        rules.extend([classify(family), dispatch(sets::CLASSES), classify(family), dispatch(sets::CLASSES)]);
        rules.push(lost(family));
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

/// The class, if the frontend is a service's.
fn classify(family: Family) -> Rule {
    let class = Expr::Lookup { set: sets::SERVICES.of(family), key: KEY, into: VALUE };
    concat([scoped(family), vec![class, Expr::SetMeta { key: Meta::Priority, from: VALUE }]])
}

/// Let through as it is, the connection would be tracked that way, and every retry of it too. Dropped, the client's
/// next attempt is a new one.
fn lost(family: Family) -> Rule {
    let class = Expr::Lookup { set: sets::SERVICES.of(family), key: KEY, into: VALUE };
    concat([scoped(family), vec![class], drop_it()])
}

fn spread(family: Family, size: u32) -> Rule {
    let draw = Expr::Random { below: size, into: behind_scoped(family) };
    let found = Expr::Lookup { set: sets::SLOTS.of(family), key: KEY, into: VALUE };
    concat([scoped(family), vec![draw, found], redirect(family, VALUE).into()])
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

/// Neither a pod nor this node.
fn from_outside(config: &Config, family: Family) -> Vec<Expr> {
    concat([not_from(&config.cluster_ranges, family), address_type(End::Source, false)])
}
