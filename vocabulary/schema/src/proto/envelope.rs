//! What stands around a message: four bytes, the object's type, and the message's bytes.

use super::tail::Tail;
use super::wire::{Fields, Raw};
use super::{ProtoError, write};
use crate::{Schema, TypeMeta};
use meta::{CompactString, JsonError};

pub const MAGIC: &[u8; 4] = b"k8s\0";

#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'b> {
    pub type_meta: TypeMeta,
    /// The message.
    pub raw: &'b [u8],
}

impl<'b> Envelope<'b> {
    pub fn open(bytes: &'b [u8]) -> Result<Envelope<'b>, ProtoError> {
        let mut fields = Fields(bytes.strip_prefix(MAGIC).ok_or(ProtoError::NoEnvelope)?);
        let mut envelope = Envelope { type_meta: TypeMeta::default(), raw: &[] };
        while let Some(field) = fields.next()? {
            match field {
                (1, Raw::Bytes(bytes)) => envelope.type_meta = type_meta(bytes)?,
                (2, Raw::Bytes(bytes)) => envelope.raw = bytes,
                _ => {}
            }
        }
        Ok(envelope)
    }
}

fn type_meta(bytes: &[u8]) -> Result<TypeMeta, ProtoError> {
    let mut fields = Fields(bytes);
    let mut found = TypeMeta::default();
    while let Some(field) = fields.next()? {
        match field {
            (1, Raw::Bytes(bytes)) => found.api_version = text(bytes)?,
            (2, Raw::Bytes(bytes)) => found.kind = text(bytes)?,
            _ => {}
        }
    }
    Ok(found)
}

pub(super) fn text(bytes: &[u8]) -> Result<CompactString, ProtoError> {
    std::str::from_utf8(bytes).map(CompactString::from).map_err(|_| ProtoError::BadText)
}

/// Puts a message into its envelope. Encoding and content type are there and empty.
pub(super) fn seal(type_meta: &TypeMeta, message: impl FnOnce(&mut Tail)) -> Vec<u8> {
    Tail::written(|tail| {
        unencoded(tail);
        tail.nested(2, message);
        named(type_meta, tail);
    })
}

fn unencoded(tail: &mut Tail) {
    tail.bytes(4, &[]);
    tail.bytes(3, &[]);
}

fn named(type_meta: &TypeMeta, tail: &mut Tail) {
    tail.nested(1, |tail| {
        tail.bytes(2, type_meta.kind.as_bytes());
        tail.bytes(1, type_meta.api_version.as_bytes());
    });
    tail.raw(MAGIC);
}

/// What stands before the items of a list whose items take this many bytes: its envelope's beginning and its metadata.
pub fn list_head(type_meta: &TypeMeta, list_meta: &[u8], items: usize) -> Vec<u8> {
    Tail::written(|tail| {
        tail.bytes(1, list_meta);
        tail.open(2, items);
        named(type_meta, tail);
    })
}

/// What stands behind them.
pub fn list_end() -> Vec<u8> {
    Tail::written(unencoded)
}

/// Items of a list, from its last to its first.
#[derive(Default)]
pub struct Items(Tail);

impl Items {
    /// Writes one, behind its key and length, before those that are written; how long they are by now.
    pub fn precede(&mut self, schema: &Schema, json: &[u8]) -> Result<usize, JsonError> {
        let tree = schema.tree(json)?;
        self.0.nested(2, |tail| write::message(&schema.types, schema.root, &tree, tail));
        Ok(self.0.len())
    }

    /// What is written; the next stand alone.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }
}

/// One event of a watch, `object` being in its own envelope. A stream frames each with its length in four bytes.
pub fn watch_event(kind: &str, object: &[u8]) -> Vec<u8> {
    Tail::written(|tail| {
        tail.nested(2, |tail| tail.bytes(1, object));
        tail.bytes(1, kind.as_bytes());
    })
}
