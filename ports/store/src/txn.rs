//! Writing: several keys under one revision, if what the caller expects still holds.

use crate::{Error, Record};
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// If every compare holds, all ops happen under one new revision; otherwise none, and the named keys are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    pub compares: Vec<Compare>,
    pub ops: Vec<Op>,
    pub on_failure_read: Vec<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    pub key: Arc<str>,
    pub expect: Expect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Present,
    /// The revision of the key's newest value.
    Modified(u64),
    /// The revision in which the key came to life.
    Created(u64),
}

impl Expect {
    pub fn holds(self, record: Option<&Record>) -> bool {
        match (self, record) {
            (Expect::Absent, None) | (Expect::Present, Some(_)) => true,
            (Expect::Modified(revision), Some(record)) => record.modified == revision,
            (Expect::Created(revision), Some(record)) => record.created == revision,
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// `ttl`: the engine deletes the key, as an ordinary delete, not before that time and shortly after it; a later
    /// put replaces the deadline by its own or by none.
    Put { key: Arc<str>, value: Bytes, ttl: Option<Duration> },
    /// Deleting an absent key changes nothing.
    Delete { key: Arc<str> },
}

impl Op {
    pub fn key(&self) -> &Arc<str> {
        match self {
            Op::Put { key, .. } | Op::Delete { key } => key,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnAnswer {
    /// The revision made by this transaction, or, where it changed nothing, the one it was judged at.
    pub revision: u64,
    pub succeeded: bool,
    /// After a failed compare: the records of `on_failure_read`, in its order.
    pub records: Vec<Option<Record>>,
}

impl Txn {
    pub fn new() -> Txn {
        Txn::default()
    }

    #[must_use]
    pub fn expect(mut self, key: impl Into<Arc<str>>, expect: Expect) -> Txn {
        self.compares.push(Compare { key: key.into(), expect });
        self
    }

    #[must_use]
    pub fn put(mut self, key: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Txn {
        self.ops.push(Op::Put { key: key.into(), value: value.into(), ttl: None });
        self
    }

    #[must_use]
    pub fn put_for(mut self, ttl: Duration, key: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Txn {
        self.ops.push(Op::Put { key: key.into(), value: value.into(), ttl: Some(ttl) });
        self
    }

    #[must_use]
    pub fn delete(mut self, key: impl Into<Arc<str>>) -> Txn {
        self.ops.push(Op::Delete { key: key.into() });
        self
    }

    #[must_use]
    pub fn or_read(mut self, key: impl Into<Arc<str>>) -> Txn {
        self.on_failure_read.push(key.into());
        self
    }

    /// Engines call this before anything else.
    pub fn check(&self) -> Result<(), Error> {
        if self.ops.len() < 2 {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(self.ops.len());
        match self.ops.iter().find(|op| !seen.insert(op.key())) {
            Some(twice) => Err(Error::DuplicateKey { key: twice.key().clone() }),
            None => Ok(()),
        }
    }

    /// How many bytes the transaction carries.
    pub fn bytes(&self) -> usize {
        let of = |op: &Op| match op {
            Op::Put { key, value, .. } => key.len() + value.len(),
            Op::Delete { key } => key.len(),
        };
        self.ops.iter().map(of).sum()
    }
}
