//! One batch: everything between its first and its last message happens at one instant, or not at all.

use super::{SUBSYSTEM, TABLE, element, expr};
use crate::netlink::socket::Socket;
use crate::netlink::wire::{ACK, APPEND, CREATE, REQUEST, Wire};
use kernel::net::{Chain, Element, Field, Holds, Hook, HookKind, HookPoint, NetError, Rule, Set, Table};

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = SUBSYSTEM << 8;
const DEL_TABLE: u16 = SUBSYSTEM << 8 | 2;
const NEW_CHAIN: u16 = SUBSYSTEM << 8 | 3;
const DEL_CHAIN: u16 = SUBSYSTEM << 8 | 5;
const NEW_RULE: u16 = SUBSYSTEM << 8 | 6;
const DEL_RULE: u16 = SUBSYSTEM << 8 | 8;
const NEW_SET: u16 = SUBSYSTEM << 8 | 9;
const NEW_ELEMENT: u16 = SUBSYSTEM << 8 | 12;
const DEL_ELEMENT: u16 = SUBSYSTEM << 8 | 14;

const TABLE_USERDATA: u16 = 6;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const SET_NAME: u16 = 2;
const SET_FLAGS: u16 = 3;
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LENGTH: u16 = 5;
const SET_DATA_TYPE: u16 = 6;
const SET_DATA_LENGTH: u16 = 7;
const SET_DESCRIPTION: u16 = 9;
const SET_ID: u16 = 10;
const SET_TIMEOUT: u16 = 11;
const SET_USERDATA: u16 = 13;
const DESCRIPTION_SIZE: u16 = 1;
const DESCRIPTION_FIELDS: u16 = 2;
const FIELD: u16 = 1;
const FIELD_LENGTH: u16 = 1;
const ELEMENTS_SET: u16 = 2;

/// Packets add to dynamic sets, so these have a bound.
const MOST_REMEMBERED: u32 = 1 << 20;

const FLAG_INTERVAL: u32 = 0x4;
const FLAG_MAP: u32 = 0x8;
const FLAG_TIMEOUT: u32 = 0x10;
const FLAG_EVAL: u32 = 0x20;
const FLAG_CONCAT: u32 = 0x80;
const VERDICTS: u32 = 0xffff_ff00;
const POLICY_ACCEPT: u32 = 1;
const FAMILY_INET: u8 = 1;

/// A list of elements is one attribute, whose length has 16 bits.
const LIST_LIMIT: usize = 60_000;

pub(super) fn family_header() -> [u8; 4] {
    [FAMILY_INET, 0, 0, 0]
}

pub(super) struct BatchWriter<'a> {
    socket: &'a mut Socket,
    table: &'static str,
    wire: Wire,
    first: u32,
    /// What each message does, by its distance from the first: for the one that the kernel refuses.
    doing: Vec<Doing>,
}

#[derive(Clone, Copy)]
struct Doing(&'static str, &'static str);

impl<'a> BatchWriter<'a> {
    pub(super) fn new(socket: &'a mut Socket, table: &'static str) -> Self {
        let first = socket.next();
        let mut wire = Wire::default();
        wire.message(BATCH_BEGIN, REQUEST, first, &[0, 0, 0, SUBSYSTEM as u8], |_| {});
        Self { socket, table, wire, first, doing: vec![Doing("begin", "a batch")] }
    }

    fn add(&mut self, doing: Doing, kind: u16, flags: u16, body: impl FnOnce(&mut Wire)) {
        let sequence = self.socket.next();
        self.doing.push(doing);
        let table = self.table;
        // Every message is acknowledged: the answers to large batches stay small, because lists of elements are one
        // message each.
        self.wire.message(kind, flags | REQUEST | ACK, sequence, &family_header(), |wire| {
            wire.text(TABLE, table);
            body(wire);
        });
    }

    pub(super) fn delete_table(&mut self) {
        self.add(Doing("delete", "the table"), DEL_TABLE, 0, |_| {});
    }

    pub(super) fn replace_table(&mut self, table: &Table) {
        // A table must exist to be deleted; adding one that exists is no error.
        self.add(Doing("find", "the table"), NEW_TABLE, CREATE, |_| {});
        self.delete_table();
        let fingerprint = table.fingerprint();
        self.add(Doing("add", "the table"), NEW_TABLE, CREATE, |wire| {
            wire.be64(TABLE_USERDATA, fingerprint);
        });
        for (id, set) in table.sets.iter().enumerate() {
            self.add(Doing("add set", set.name), NEW_SET, CREATE, |wire| write_set(wire, set, id as u32 + 1));
        }
        self.add_chains(&table.chains);
        self.add_elements(&table.fixed);
    }

    /// All chains come before all rules, so that rules may jump to any of them.
    pub(super) fn add_chains(&mut self, chains: &[Chain]) {
        for chain in chains {
            self.add(Doing("add", "a chain"), NEW_CHAIN, CREATE, |wire| write_chain(wire, chain));
        }
        for chain in chains {
            for rule in &chain.rules {
                self.add(Doing("add", "a rule"), NEW_RULE, CREATE | APPEND, |wire| write_rule(wire, &chain.name, rule));
            }
        }
    }

    pub(super) fn remove_chains(&mut self, chains: &[String]) {
        for chain in chains {
            self.add(Doing("empty", "a chain"), DEL_RULE, 0, |wire| wire.text(RULE_CHAIN, chain));
            self.add(Doing("delete", "a chain"), DEL_CHAIN, 0, |wire| wire.text(CHAIN_NAME, chain));
        }
    }

    pub(super) fn add_elements(&mut self, elements: &[Element]) {
        for list in lists(elements) {
            self.elements("add to set", NEW_ELEMENT, CREATE, list);
        }
    }

    pub(super) fn remove_elements(&mut self, elements: &[Element]) {
        for list in lists(elements) {
            self.elements("remove from set", DEL_ELEMENT, 0, list);
        }
    }

    fn elements(&mut self, doing: &'static str, kind: u16, flags: u16, list: &[Element]) {
        let set = list[0].set;
        let with_value = kind == NEW_ELEMENT;
        self.add(Doing(doing, set), kind, flags, |wire| {
            wire.text(ELEMENTS_SET, set);
            wire.nest(element::LIST_ELEMENTS, |wire| {
                for one in list {
                    element::write(wire, one, with_value);
                }
            });
        });
    }

    pub(super) fn send(mut self) -> Result<(), NetError> {
        let last = self.first.wrapping_add(self.doing.len() as u32 - 1);
        let end = self.socket.next();
        self.wire.message(BATCH_END, REQUEST, end, &[0, 0, 0, SUBSYSTEM as u8], |_| {});
        self.socket.request(self.wire.bytes(), last).map_err(|(sequence, errno)| {
            let at = sequence.wrapping_sub(self.first) as usize;
            let Doing(verb, what) = self.doing.get(at).copied().unwrap_or(Doing("commit", "a batch"));
            NetError::new(format!("{verb} {what} (table {})", self.table), errno)
        })
    }
}

/// Runs of elements of one set, each small enough for one message.
fn lists(elements: &[Element]) -> impl Iterator<Item = &[Element]> {
    let mut rest = elements;
    std::iter::from_fn(move || {
        let set = rest.first()?.set;
        let mut used = 0;
        let fits = |element: &&Element| {
            used += element::size(element);
            element.set == set && used <= LIST_LIMIT
        };
        let length = rest.iter().take_while(fits).count().max(1);
        let (list, after) = rest.split_at(length);
        rest = after;
        Some(list)
    })
}

fn write_set(wire: &mut Wire, set: &Set, id: u32) {
    let (map, data) = match set.holds {
        Holds::Nothing => (0, None),
        Holds::Fields(fields) => (FLAG_MAP, Some((type_of(fields), width(fields)))),
        Holds::Verdicts => (FLAG_MAP, Some((VERDICTS, 0))),
    };
    let dynamic = if set.dynamic.is_some() { FLAG_TIMEOUT | FLAG_EVAL } else { 0 };
    wire.text(SET_NAME, set.name);
    let ranges = if set.ranges { FLAG_INTERVAL | FLAG_CONCAT } else { 0 };
    wire.be32(SET_FLAGS, map | dynamic | ranges);
    wire.be32(SET_KEY_TYPE, type_of(set.key));
    wire.be32(SET_KEY_LENGTH, width(set.key));
    if let Some((kind, length)) = data {
        wire.be32(SET_DATA_TYPE, kind);
        wire.be32(SET_DATA_LENGTH, length);
    }
    wire.be32(SET_ID, id);
    wire.attr(SET_USERDATA, &byte_order(set));
    if let Some(timeout) = set.dynamic {
        wire.be64(SET_TIMEOUT, timeout.as_millis() as u64);
        wire.nest(SET_DESCRIPTION, |wire| wire.be32(DESCRIPTION_SIZE, MOST_REMEMBERED));
    }
    if set.ranges {
        wire.nest(SET_DESCRIPTION, |wire| wire.nest(DESCRIPTION_FIELDS, |wire| write_fields(wire, set.key)));
    }
}

fn write_fields(wire: &mut Wire, fields: &[Field]) {
    for field in fields {
        wire.nest(FIELD, |wire| wire.be32(FIELD_LENGTH, field.bytes() as u32));
    }
}

/// Tells the nft program that lone words are numbers of this machine, which it would show backwards. Type, length,
/// value: key first, then data; 1 is the machine's own order.
fn byte_order(set: &Set) -> Vec<u8> {
    let is_word = |fields: &[Field]| fields == [Field::Word];
    let note = |what: u8| [vec![what, 4], 1_u32.to_ne_bytes().to_vec()].concat();
    let key = is_word(set.key).then(|| note(0));
    let data = matches!(set.holds, Holds::Fields(fields) if is_word(fields)).then(|| note(1));
    key.into_iter().chain(data).flatten().collect()
}

fn width(fields: &[Field]) -> u32 {
    fields.iter().map(|field| field.width() as u32).sum()
}

/// The numbers by which the nft program shows values; the kernel stores them unread. Six bits a field.
fn type_of(fields: &[Field]) -> u32 {
    let number = |field: &Field| match field {
        Field::Ipv4 => 7,
        Field::Ipv6 => 8,
        Field::Protocol => 12,
        Field::Port => 13,
        Field::Word => 19,
    };
    fields.iter().fold(0, |all, field| all << 6 | number(field))
}

fn write_chain(wire: &mut Wire, chain: &Chain) {
    wire.text(CHAIN_NAME, &chain.name);
    let Some(hook) = chain.hook else { return };
    wire.nest(CHAIN_HOOK, |wire| {
        wire.be32(HOOK_NUMBER, hook_number(hook));
        wire.be32(HOOK_PRIORITY, hook.priority as u32);
    });
    wire.be32(CHAIN_POLICY, POLICY_ACCEPT);
    wire.text(
        CHAIN_TYPE,
        match hook.kind {
            HookKind::Filter => "filter",
            HookKind::Nat => "nat",
        },
    );
}

fn hook_number(hook: Hook) -> u32 {
    match hook.point {
        HookPoint::Prerouting => 0,
        HookPoint::Input => 1,
        HookPoint::Forward => 2,
        HookPoint::Output => 3,
        HookPoint::Postrouting => 4,
    }
}

fn write_rule(wire: &mut Wire, chain: &str, rule: &Rule) {
    wire.text(RULE_CHAIN, chain);
    wire.nest(RULE_EXPRESSIONS, |wire| rule.iter().for_each(|one| expr::write(wire, one)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::net::Value;

    #[test]
    fn lists_hold_one_set_and_fit_in_a_message() {
        let element = |set: &'static str| Element { set, key: vec![0; 20], value: Value::Nothing };
        let mut elements = vec![element("a"); 5_000];
        elements.extend(vec![element("b"); 3]);
        let lists: Vec<_> = lists(&elements).collect();
        assert_eq!(lists.iter().map(|list| list.len()).sum::<usize>(), 5_003);
        for list in &lists {
            assert!(list.iter().all(|element| element.set == list[0].set));
            assert!(list.iter().map(element::size).sum::<usize>() <= LIST_LIMIT);
        }
    }

    #[test]
    fn types_are_packed_six_bits_a_field() {
        assert_eq!(type_of(&[Field::Ipv4, Field::Protocol, Field::Port]), 7 << 12 | 12 << 6 | 13);
    }
}
