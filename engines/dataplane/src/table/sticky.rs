//! Affinity: a client stays with its endpoint. One dynamic map remembers (frontend, client) to the name of a member; a
//! name that stands for nobody any more leads nowhere, so nobody has to clean up after endpoints that go. Between rules
//! the name travels like a class.
//!
//! The time is a constant of a rule, so each time in use has a chain; nearly every service has the default one.

use super::elements::STICKY;
use super::fragments::{KEY, behind_scoped, chain, class, concat, dispatch, load_address, redirect, scoped};
use super::sets;
use kernel::net::{Chain, Element, End, Expr, Family, Memory, Meta, Reg, Rule, Value, Verdict};
use std::time::Duration;

/// Behind the longest key.
const NAME: Reg = Reg(11);
const ENDPOINT: Reg = Reg(8);

pub fn chain_name(seconds: u32) -> String {
    format!("sticky-{seconds}")
}

pub fn class_element(seconds: u32) -> Element {
    class(STICKY | seconds, Verdict::Jump(chain_name(seconds)))
}

/// A remembered endpoint, or else pick one, which is then remembered.
pub fn sticky(seconds: u32) -> Chain {
    let time = Duration::from_secs(seconds.into());
    let rules = |family| {
        let size = Expr::Lookup { set: sets::SIZES.of(family), key: KEY, into: NAME };
        let count = concat([scoped(family), vec![size, carry()]]);
        let renewed = || [renew(family, time), follow(family)];
        [vec![recall(family)], renewed().into(), vec![count, dispatch(sets::PICKERS)], renewed().into()].concat()
    };
    chain(&chain_name(seconds), [Family::V4, Family::V6].map(rules).into_iter().flatten().collect())
}

/// The key of the affinity: the frontend, and its client.
fn client(family: Family) -> Expr {
    load_address(family, End::Source, behind_scoped(family))
}

fn carry() -> Expr {
    Expr::SetMeta { key: Meta::Priority, from: NAME }
}

fn carried(into: Reg) -> Expr {
    Expr::Meta { key: Meta::Priority, into }
}

fn recall(family: Family) -> Rule {
    let name = Expr::Lookup { set: sets::AFFINITY.of(family), key: KEY, into: NAME };
    concat([scoped(family), vec![client(family), name, carry()]])
}

/// The endpoint of the carried name. Of nobody any more: the rule ends.
fn endpoint(family: Family) -> Vec<Expr> {
    let found = Expr::Lookup { set: sets::MEMBERS.of(family), key: KEY, into: ENDPOINT };
    concat([scoped(family), vec![carried(behind_scoped(family)), found]])
}

fn renew(family: Family, time: Duration) -> Rule {
    let set = sets::AFFINITY.of(family);
    let again = Expr::Remember { set, key: KEY, data: NAME, how: Memory::Renew(time) };
    concat([endpoint(family), vec![client(family), carried(NAME), again]])
}

fn follow(family: Family) -> Rule {
    concat([endpoint(family), redirect(family, ENDPOINT).into()])
}

fn picker_name(size: u32) -> String {
    format!("pick-{size}")
}

pub fn picker_element(size: u32) -> Element {
    let verdict = Value::Verdict(Verdict::Jump(picker_name(size)));
    Element { set: sets::PICKERS, key: size.to_ne_bytes().into(), value: verdict }
}

pub fn picker(size: u32) -> Chain {
    let rules = |family| {
        let draw = Expr::Random { below: size, into: behind_scoped(family) };
        let found = Expr::Lookup { set: sets::CHOICES.of(family), key: KEY, into: NAME };
        [concat([scoped(family), vec![draw, found, carry()]]), memorize(family)]
    };
    chain(&picker_name(size), [Family::V4, Family::V6].map(rules).into_iter().flatten().collect())
}

/// Forgets first: adding does not replace what is remembered.
fn memorize(family: Family) -> Rule {
    let set = sets::AFFINITY.of(family);
    let remember = |how| Expr::Remember { set, key: KEY, data: NAME, how };
    concat([scoped(family), vec![client(family), carried(NAME), remember(Memory::Forget), remember(Memory::Add)]])
}
