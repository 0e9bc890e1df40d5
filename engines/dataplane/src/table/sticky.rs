//! Affinity: a client stays with its endpoint. One dynamic map remembers (group, client) to endpoint; a remembered
//! endpoint counts only while it is a member of the group, so nobody has to clean up after endpoints that go.
//!
//! The time is a constant of a rule, so each time in use has a chain; nearly every service has the default one.

use super::elements::STICKY;
use super::rules::{VALUE, chain, class, concat, draw, load_address, look_up_service, redirect};
use super::sets;
use kernel::net::{Chain, Element, End, Expr, Family, Memory, Reg, Rule, Value, Verdict};
use std::time::Duration;

/// Where the client's address is loaded, behind the group.
const CLIENT: Reg = Reg(VALUE.0 + 2);
const SLOTS: Reg = Reg(VALUE.0 + 3);

pub fn chain_name(seconds: u32) -> String {
    format!("sticky-{seconds}")
}

pub fn class_element(seconds: u32) -> Element {
    class(STICKY | seconds, Verdict::Goto(chain_name(seconds)))
}

/// A remembered endpoint, or else pick one, and then it is remembered.
pub fn sticky(seconds: u32) -> Chain {
    let time = Duration::from_secs(seconds.into());
    let rules =
        [Family::V4, Family::V6].map(|family| [remembered(family, time), pick(family), remembered(family, time)]);
    chain(&chain_name(seconds), rules.into_iter().flatten().collect())
}

fn remembered(family: Family, time: Duration) -> Rule {
    let endpoint = CLIENT;
    let again = Reg(0);
    let client_again = Reg(2);
    concat([
        look_up_service(family),
        vec![
            load_address(family, End::Source, CLIENT),
            Expr::Lookup { set: sets::AFFINITY.of(family), key: VALUE, into: endpoint },
            Expr::Contains { set: sets::MEMBERS.of(family), key: VALUE },
            Expr::Bits { from: VALUE, into: again, mask: vec![0xff; 8], flip: vec![0; 8] },
            load_address(family, End::Source, client_again),
            Expr::Remember { set: sets::AFFINITY.of(family), key: again, data: endpoint, how: Memory::Renew(time) },
            redirect(family, endpoint),
        ],
    ])
}

fn pick(family: Family) -> Rule {
    concat([look_up_service(family), vec![Expr::Dispatch { set: sets::PICKERS, key: SLOTS }]])
}

fn picker_name(size: u32) -> String {
    format!("pick-{size}")
}

pub fn picker_element(size: u32) -> Element {
    let verdict = Value::Verdict(Verdict::Jump(picker_name(size)));
    Element { set: sets::PICKERS, key: size.to_ne_bytes().into(), value: verdict }
}

/// Forgets first: adding does not replace what is remembered.
pub fn picker(size: u32) -> Chain {
    let rule = |family| {
        let endpoint = Reg(0);
        let set = sets::AFFINITY.of(family);
        concat([
            look_up_service(family),
            draw(family, size),
            vec![
                load_address(family, End::Source, CLIENT),
                Expr::Remember { set, key: VALUE, data: endpoint, how: Memory::Forget },
                Expr::Remember { set, key: VALUE, data: endpoint, how: Memory::Add },
            ],
        ])
    };
    chain(&picker_name(size), [Family::V4, Family::V6].map(rule).into())
}
