//! Protobuf as upstream writes it, byte for byte: what stands in its etcd, and what its clients may speak.
//!
//! A message holds a struct's fields by number. What is no pointer in Go is always written, even when empty; maps go by
//! key; embedded structs nest. The object's type stands in an envelope around the message.

mod envelope;
mod layout;
mod read;
mod tail;
mod tree;
mod wire;
mod write;

#[cfg(test)]
mod tests;

pub use envelope::{Envelope, Items, MAGIC, list_end, list_head, watch_event};
pub use layout::Layout;

use crate::{Schema, TypeMeta};
use meta::{JsonError, Value};
use std::fmt;
use tree::Tree;

/// Why bytes are no message of a schema.
#[derive(Clone, Debug, PartialEq)]
pub enum ProtoError {
    /// The bytes do not begin as an envelope does.
    NoEnvelope,
    Truncated,
    BadKey(u64),
    WireType {
        wire: u8,
        field: String,
    },
    BadText,
    /// A value that its type refuses, in the type's words.
    Refused(String),
    TooDeep,
}

impl fmt::Display for ProtoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtoError::NoEnvelope => {
                f.write_str("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
            }
            ProtoError::Truncated => f.write_str("unexpected EOF"),
            ProtoError::BadKey(key) => write!(f, "proto: illegal tag {} (wire type {})", key >> 3, key & 7),
            ProtoError::WireType { wire, field } => write!(f, "proto: wrong wireType = {wire} for field {field}"),
            ProtoError::BadText => f.write_str("proto: string field contains invalid UTF-8"),
            ProtoError::Refused(why) => f.write_str(why),
            ProtoError::TooDeep => f.write_str("exceeded max depth"),
        }
    }
}

impl std::error::Error for ProtoError {}

impl Schema {
    /// The object with its envelope. The value is one that this schema decoded: what does not fit is written as empty.
    pub fn to_protobuf(&self, value: &Value) -> Vec<u8> {
        let type_meta = TypeMeta {
            api_version: value.get("apiVersion").as_str().unwrap_or_default().into(),
            kind: value.get("kind").as_str().unwrap_or_default().into(),
        };
        self.json_to_protobuf(&type_meta, &value.to_json()).expect("a value is always JSON")
    }

    /// The same from the JSON of an object that this schema decoded.
    pub fn json_to_protobuf(&self, type_meta: &TypeMeta, json: &[u8]) -> Result<Vec<u8>, JsonError> {
        let tree = self.tree(json)?;
        Ok(envelope::seal(type_meta, |tail| write::message(&self.types, self.root, &tree, tail)))
    }

    fn tree<'t>(&self, json: &'t [u8]) -> Result<Tree<'t>, JsonError> {
        Tree::read(&self.types, self.root, json).map_err(|error| JsonError(error.to_string()))
    }

    /// An object in its envelope, in the form that decoding from JSON would give it.
    pub fn from_protobuf(&self, bytes: &[u8]) -> Result<Value, ProtoError> {
        let Envelope { type_meta, raw } = Envelope::open(bytes)?;
        let mut value = read::message(&self.types, self.root, raw, 0)?;
        if let Value::Map(object) = &mut value {
            for (name, text) in [("apiVersion", type_meta.api_version), ("kind", type_meta.kind)] {
                if !text.is_empty() {
                    object.insert(name, text);
                }
            }
        }
        Ok(value)
    }

    /// The message alone.
    pub fn to_message(&self, value: &Value) -> Vec<u8> {
        let json = value.to_json();
        let tree = self.tree(&json).expect("a value is always JSON");
        tail::Tail::written(|tail| write::message(&self.types, self.root, &tree, tail))
    }

    pub fn from_message(&self, bytes: &[u8]) -> Result<Value, ProtoError> {
        read::message(&self.types, self.root, bytes, 0)
    }
}
