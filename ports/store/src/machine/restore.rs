//! Starting from a snapshot.

use super::chain::{Chain, Version};
use super::{Deadline, Machine};
use crate::Record;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A record with all that a snapshot must keep of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub record: Record,
    pub expires: Option<Deadline>,
}

impl Restored {
    pub(super) fn of(key: &Arc<str>, version: &Version) -> Option<Restored> {
        Some(Restored { record: version.record(key)?, expires: version.expires })
    }
}

/// Collects a snapshot's records, best in the order of their keys: the index is then built in one sweep.
#[derive(Debug, Default)]
pub struct Restoring {
    chains: Vec<(Arc<str>, Chain)>,
    machine: Machine,
}

impl Restoring {
    pub fn new() -> Restoring {
        Restoring::default()
    }

    pub fn push(&mut self, restored: Restored) {
        let Restored { record: Record { key, value, created, modified, version }, expires } = restored;
        let version = Version { modified, created, version, value: Some(value), expires };
        self.machine.live_bytes += version.weight(&key);
        self.machine.expiries.replace(&key, None, expires);
        self.chains.push((key, Chain::new(version)));
    }

    /// `floor` is the revision of the snapshot; the log goes on with the one after it.
    pub fn finish(self, floor: u64) -> Machine {
        let Restoring { chains, machine } = self;
        Machine {
            index: BTreeMap::from_iter(chains),
            sequenced: floor,
            published: floor,
            oldest: floor + 1,
            total_bytes: machine.live_bytes,
            ..machine
        }
    }
}
