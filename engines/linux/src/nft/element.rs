//! Elements of sets and maps, written and read.

use crate::netlink::wire::{Attrs, Received, Wire};
use kernel::net::{Element, Value, Verdict};

pub(super) const LIST_ELEMENTS: u16 = 3;
const ITEM: u16 = 1;
const KEY: u16 = 1;
const DATA: u16 = 2;
const KEY_END: u16 = 10;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_CHAIN: u16 = 2;

pub(super) fn write(wire: &mut Wire, element: &Element, with_value: bool) {
    wire.nest(ITEM, |wire| {
        wire.nest(KEY, |wire| wire.attr(DATA_VALUE, &element.key));
        match &element.value {
            Value::Bytes(bytes) if with_value => wire.nest(DATA, |wire| wire.attr(DATA_VALUE, bytes)),
            // Part of the key, so also needed to remove it.
            Value::Until(last) => wire.nest(KEY_END, |wire| wire.attr(DATA_VALUE, last)),
            Value::Verdict(verdict) if with_value => wire.nest(DATA, |wire| write_verdict(wire, verdict)),
            _ => {}
        }
    });
}

pub(super) fn write_verdict(wire: &mut Wire, verdict: &Verdict) {
    let (code, chain) = match verdict {
        Verdict::Drop => (0, None),
        Verdict::Accept => (1, None),
        Verdict::Jump(chain) => (-3_i32, Some(chain)),
        Verdict::Goto(chain) => (-4_i32, Some(chain)),
    };
    wire.nest(DATA_VERDICT, |wire| {
        wire.be32(VERDICT_CODE, code as u32);
        if let Some(chain) = chain {
            wire.text(VERDICT_CHAIN, chain);
        }
    });
}

/// An upper bound of what `write` needs for it.
pub(super) fn size(element: &Element) -> usize {
    let value = match &element.value {
        Value::Nothing => 0,
        Value::Bytes(bytes) | Value::Until(bytes) => 8 + bytes.len(),
        Value::Verdict(_) => 64,
    };
    16 + element.key.len() + value
}

pub(super) fn read(message: Received<'_>, set: &'static str, elements: &mut Vec<Element>) {
    let list = message.attrs(4).nested(LIST_ELEMENTS).unwrap_or(Attrs(&[]));
    elements.extend(list.filter_map(|(_, item)| read_one(Attrs(item), set)));
}

fn read_one(item: Attrs<'_>, set: &'static str) -> Option<Element> {
    let key = item.nested(KEY)?.find(DATA_VALUE)?.to_vec();
    let value = match (item.nested(DATA), item.nested(KEY_END)) {
        (Some(data), _) => Value::Bytes(data.find(DATA_VALUE)?.to_vec()),
        (None, Some(last)) => Value::Until(last.find(DATA_VALUE)?.to_vec()),
        (None, None) => Value::Nothing,
    };
    Some(Element { set, key, value })
}
