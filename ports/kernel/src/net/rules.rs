//! A rule table: sets of elements, and the few chains that look them up.
//!
//! The vocabulary is the kernel's own (registers, lookups, verdicts) without its wire format: a table is data, so it
//! can be compared, recorded and encoded by whoever holds the socket.

use super::NetError;
use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// The constant part: what exists however many services there are.
#[derive(Clone, Debug, Hash)]
pub struct Table {
    pub name: &'static str,
    pub sets: Vec<Set>,
    pub chains: Vec<Chain>,
    /// Elements that belong to the table's logic, not to any service.
    pub fixed: Vec<Element>,
}

impl Table {
    /// Changes whenever the table would be built differently; kept in the kernel beside the table.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

#[derive(Clone, Debug, Hash)]
pub struct Set {
    pub name: &'static str,
    pub key: &'static [Field],
    pub holds: Holds,
    /// Elements are added by rules and leave after this time, unless the rule says another.
    pub dynamic: Option<Duration>,
    /// An element stands for all keys up to its end, field by field.
    pub ranges: bool,
}

#[derive(Clone, Debug, Hash)]
pub enum Holds {
    Nothing,
    Fields(&'static [Field]),
    Verdicts,
}

/// One field of a key or a value. Each starts on a 4-byte boundary.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Field {
    Word,
    Ipv4,
    Ipv6,
    Protocol,
    Port,
}

impl Field {
    pub fn width(self) -> usize {
        if self == Self::Ipv6 { 16 } else { 4 }
    }

    /// Without what fills it up to the boundary.
    pub fn bytes(self) -> usize {
        match self {
            Self::Protocol => 1,
            Self::Port => 2,
            Self::Word | Self::Ipv4 => 4,
            Self::Ipv6 => 16,
        }
    }
}

#[derive(Clone, Debug, Hash)]
pub struct Chain {
    pub name: String,
    pub hook: Option<Hook>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, Hash)]
pub struct Hook {
    pub kind: HookKind,
    pub point: HookPoint,
    pub priority: i32,
}

#[derive(Clone, Copy, Debug, Hash)]
pub enum HookKind {
    Filter,
    Nat,
}

#[derive(Clone, Copy, Debug, Hash)]
pub enum HookPoint {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

pub type Rule = Vec<Expr>;

/// One of the sixteen 4-byte registers; longer values take the next ones too.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub struct Reg(pub u8);

#[derive(Clone, Debug, Hash)]
pub enum Expr {
    Meta {
        key: Meta,
        into: Reg,
    },
    SetMeta {
        key: Meta,
        from: Reg,
    },
    Load {
        from: Header,
        offset: u32,
        length: u32,
        into: Reg,
    },
    Constant {
        value: Vec<u8>,
        into: Reg,
    },
    Compare {
        from: Reg,
        equal: bool,
        value: Vec<u8>,
    },
    /// `into = (from & mask) ^ flip`
    Bits {
        from: Reg,
        into: Reg,
        mask: Vec<u8>,
        flip: Vec<u8>,
    },
    /// The rule goes on only if the key is there, or only if it is not.
    Contains {
        set: &'static str,
        key: Reg,
        present: bool,
    },
    Lookup {
        set: &'static str,
        key: Reg,
        into: Reg,
    },
    /// The element's verdict is obeyed.
    Dispatch {
        set: &'static str,
        key: Reg,
    },
    Random {
        below: u32,
        into: Reg,
    },
    AddressType {
        of: End,
        into: Reg,
    },
    Remember {
        set: &'static str,
        key: Reg,
        data: Reg,
        how: Memory,
    },
    Destination {
        family: Family,
        address: Reg,
        port: Reg,
    },
    Masquerade,
    Reject,
    Conclude(Verdict),
}

#[derive(Clone, Copy, Debug, Hash)]
pub enum Meta {
    Mark,
    Priority,
    Family,
    Protocol,
    InLink,
    OutLink,
}

#[derive(Clone, Copy, Debug, Hash)]
pub enum Header {
    Network,
    Transport,
}

#[derive(Clone, Copy, Debug, Hash)]
pub enum End {
    Source,
    Destination,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// What a rule does to a dynamic set.
#[derive(Clone, Copy, Debug, Hash)]
pub enum Memory {
    Add,
    /// Adds or refreshes, to leave after this time.
    Renew(Duration),
    Forget,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Accept,
    Drop,
    Jump(String),
    Goto(String),
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    pub set: &'static str,
    pub key: Vec<u8>,
    pub value: Value,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Nothing,
    Bytes(Vec<u8>),
    Verdict(Verdict),
    /// The last key of a range.
    Until(Vec<u8>),
}

/// All of it happens at one instant, or none of it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Replaces the whole table, elements included.
    pub table: Option<Table>,
    pub add_chains: Vec<Chain>,
    /// Removed before anything is added: a changed value is a removal and an addition of the same key.
    pub remove: Vec<Element>,
    pub add: Vec<Element>,
    pub remove_chains: Vec<String>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.table.is_none()
            && self.add_chains.is_empty()
            && self.remove.is_empty()
            && self.add.is_empty()
            && self.remove_chains.is_empty()
    }
}

/// What the kernel holds of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableImage {
    pub fingerprint: Option<u64>,
    /// Of the sets asked for, as far as they exist; verdict maps and dynamic sets are not read.
    pub elements: Vec<Element>,
    pub chains: Vec<String>,
}

pub trait Rules: Send + Sync + 'static {
    fn commit(&self, table: &'static str, batch: Batch) -> impl Future<Output = Result<(), NetError>> + Send;
    /// None: the kernel has no such table.
    fn image(
        &self,
        table: &'static str,
        sets: Vec<Set>,
    ) -> impl Future<Output = Result<Option<TableImage>, NetError>> + Send;
    fn remove_table(&self, table: &'static str) -> impl Future<Output = Result<bool, NetError>> + Send;
}
