//! What a store holds and what happens to it.

use bytes::Bytes;
use std::sync::Arc;

/// A key's value at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: Arc<str>,
    pub value: Bytes,
    /// The revision in which the key came to life.
    pub created: u64,
    /// The revision of this value.
    pub modified: u64,
    /// 1 at creation, plus one a write.
    pub version: u64,
}

/// One change of one key. `previous` is filled where the watch asked for it and the key was alive before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Put { record: Record, previous: Option<Record> },
    Delete { key: Arc<str>, revision: u64, previous: Option<Record> },
}

impl Event {
    pub fn key(&self) -> &Arc<str> {
        match self {
            Event::Put { record, .. } => &record.key,
            Event::Delete { key, .. } => key,
        }
    }

    pub fn revision(&self) -> u64 {
        match self {
            Event::Put { record, .. } => record.modified,
            Event::Delete { revision, .. } => *revision,
        }
    }

    pub fn previous(&self) -> Option<&Record> {
        match self {
            Event::Put { previous, .. } | Event::Delete { previous, .. } => previous.as_ref(),
        }
    }
}

/// How many bytes an engine occupies, and how many of them the newest values of living keys need: the rest is history
/// that a compaction gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub total: u64,
    pub live: u64,
}
