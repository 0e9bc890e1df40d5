//! What frames carry.

use bytes::{Buf, BufMut, Bytes};
use std::sync::Arc;
use store::Record;
use store::machine::{Deadline, Entry, Restored, Write};

/// Raised whenever an older program could not read what this one writes.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// First in every segment: the revision that the next transaction gets, and the salt of the frames that follow.
    Segment {
        next_revision: u64,
        salt: u32,
    },
    Txn(Entry),
    Compact {
        at: u64,
    },
    /// The engine was closed: nothing was on its way.
    Closed,
    /// First in a snapshot: the revision whose state it is.
    Snapshot {
        revision: u64,
    },
    Record(Restored),
    /// Last in a snapshot: how many records came before.
    SnapshotEnd {
        records: u64,
    },
}

const SEGMENT: u8 = 1;
const TXN: u8 = 2;
const COMPACT: u8 = 3;
const CLOSED: u8 = 4;
const SNAPSHOT: u8 = 5;
const RECORD: u8 = 6;
const SNAPSHOT_END: u8 = 7;

const HAS_VALUE: u8 = 1;
const HAS_DEADLINE: u8 = 2;

impl Item {
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Item::Segment { next_revision, salt } => {
                put_versioned(out, SEGMENT, *next_revision);
                out.put_u32_le(*salt);
            }
            Item::Snapshot { revision } => put_versioned(out, SNAPSHOT, *revision),
            Item::Txn(entry) => put_entry(out, entry),
            Item::Record(restored) => put_restored(out, restored),
            Item::Compact { at } => put_number(out, COMPACT, *at),
            Item::SnapshotEnd { records } => put_number(out, SNAPSHOT_END, *records),
            Item::Closed => out.put_u8(CLOSED),
        }
    }

    /// About how many bytes the item will take.
    pub fn weight(&self) -> usize {
        let of = |write: &Write| 24 + write.key.len() + write.value.as_ref().map_or(0, Bytes::len);
        match self {
            Item::Txn(entry) => entry.writes.iter().map(of).sum(),
            _ => 24,
        }
    }

    pub fn decode(from: &mut Bytes) -> Result<Item, &'static str> {
        match byte(from)? {
            SEGMENT => Ok(Item::Segment { next_revision: versioned(from)?, salt: word(from)? }),
            SNAPSHOT => Ok(Item::Snapshot { revision: versioned(from)? }),
            TXN => entry(from).map(Item::Txn),
            RECORD => restored(from).map(Item::Record),
            COMPACT => Ok(Item::Compact { at: number(from)? }),
            SNAPSHOT_END => Ok(Item::SnapshotEnd { records: number(from)? }),
            CLOSED => Ok(Item::Closed),
            _ => Err("an item of an unknown kind"),
        }
    }
}

fn put_number(out: &mut Vec<u8>, tag: u8, number: u64) {
    out.put_u8(tag);
    out.put_u64_le(number);
}

fn put_versioned(out: &mut Vec<u8>, tag: u8, number: u64) {
    out.put_u8(tag);
    out.put_u32_le(FORMAT);
    out.put_u64_le(number);
}

fn put_entry(out: &mut Vec<u8>, entry: &Entry) {
    put_number(out, TXN, entry.revision);
    out.put_u32_le(length(entry.writes.len()));
    for write in &entry.writes {
        put_write(out, &write.key, write.value.as_ref(), write.expires);
    }
}

fn put_restored(out: &mut Vec<u8>, restored: &Restored) {
    let Restored { record, expires } = restored;
    out.put_u8(RECORD);
    out.put_u64_le(record.created);
    out.put_u64_le(record.modified);
    out.put_u64_le(record.version);
    put_write(out, &record.key, Some(&record.value), *expires);
}

fn put_write(out: &mut Vec<u8>, key: &str, value: Option<&Bytes>, expires: Option<Deadline>) {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.put_u8(flag(value.is_some(), HAS_VALUE) | flag(expires.is_some(), HAS_DEADLINE));
    out.put_u32_le(length(key.len()));
    out.put_slice(key.as_bytes());
    if let Some(value) = value {
        out.put_u32_le(length(value.len()));
        out.put_slice(value);
    }
    if let Some(expires) = expires {
        out.put_u64_le(expires.milliseconds());
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("the size of a transaction is checked before it is sequenced")
}

const SHORT: &str = "an item ends early";

fn byte(from: &mut Bytes) -> Result<u8, &'static str> {
    from.try_get_u8().map_err(|_| SHORT)
}

fn number(from: &mut Bytes) -> Result<u64, &'static str> {
    from.try_get_u64_le().map_err(|_| SHORT)
}

fn word(from: &mut Bytes) -> Result<u32, &'static str> {
    from.try_get_u32_le().map_err(|_| SHORT)
}

fn versioned(from: &mut Bytes) -> Result<u64, &'static str> {
    match word(from)? {
        FORMAT => number(from),
        _ => Err("the file was written by another version of the program"),
    }
}

/// A slice of the frame's memory, not a copy.
fn slice(from: &mut Bytes) -> Result<Bytes, &'static str> {
    let length = word(from)? as usize;
    if from.len() < length {
        return Err(SHORT);
    }
    Ok(from.split_to(length))
}

fn text(from: &mut Bytes) -> Result<Arc<str>, &'static str> {
    let length = word(from)? as usize;
    let bytes = from.get(..length).ok_or(SHORT)?;
    let text = std::str::from_utf8(bytes).map_err(|_| "a key is not UTF-8")?.into();
    from.advance(length);
    Ok(text)
}

fn entry(from: &mut Bytes) -> Result<Entry, &'static str> {
    let revision = number(from)?;
    let count = word(from)?;
    let writes = (0..count).map(|_| write(from)).collect::<Result<_, _>>()?;
    Ok(Entry { revision, writes })
}

fn write(from: &mut Bytes) -> Result<Write, &'static str> {
    let flags = byte(from)?;
    let key = text(from)?;
    let value = if flags & HAS_VALUE != 0 { Some(slice(from)?) } else { None };
    let expires = if flags & HAS_DEADLINE != 0 { Some(Deadline::at(number(from)?)) } else { None };
    Ok(Write { key, value, expires })
}

fn restored(from: &mut Bytes) -> Result<Restored, &'static str> {
    let (created, modified, version) = (number(from)?, number(from)?, number(from)?);
    let Write { key, value, expires } = write(from)?;
    let value = value.ok_or("a snapshot's record has no value")?;
    Ok(Restored { record: Record { key, value, created, modified, version }, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<Item> {
        let write = |key: &str, value: Option<&'static str>, expires: Option<u64>| Write {
            key: key.into(),
            value: value.map(Bytes::from),
            expires: expires.map(Deadline::at),
        };
        let record = Record { key: "k".into(), value: "v".into(), created: 3, modified: 5, version: 2 };
        vec![
            Item::Segment { next_revision: 7, salt: 5 },
            Item::Txn(Entry {
                revision: 9,
                writes: vec![write("a", Some("1"), None), write("ключ", None, None), write("", Some(""), Some(77))],
            }),
            Item::Compact { at: 8 },
            Item::Closed,
            Item::Snapshot { revision: 6 },
            Item::Record(Restored { record, expires: Some(Deadline::at(5)) }),
            Item::SnapshotEnd { records: 1 },
        ]
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let mut bytes = Vec::new();
        examples().iter().for_each(|item| item.encode(&mut bytes));
        let mut bytes = Bytes::from(bytes);
        let decoded: Vec<Item> = std::iter::repeat_with(|| Item::decode(&mut bytes).unwrap()).take(7).collect();
        assert_eq!(decoded, examples());
        assert!(bytes.is_empty());
    }

    #[test]
    fn no_cut_is_taken_for_a_whole() {
        for item in examples() {
            let mut bytes = Vec::new();
            item.encode(&mut bytes);
            for cut in 0..bytes.len() {
                let mut short = Bytes::copy_from_slice(&bytes[..cut]);
                assert!(Item::decode(&mut short).is_err(), "{item:?} cut at {cut}");
            }
        }
    }
}
