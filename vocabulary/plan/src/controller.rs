//! A controller: declared inputs and outputs and one pure function.

use crate::{Plan, View};
use jiff::Timestamp;
use meta::{CompactString, Gvr, Key, Object};
use std::sync::Arc;

/// A kind that a controller reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub resource: Gvr,
}

/// What a controller may write: its RBAC role is made of these and its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub group: CompactString,
    /// `pods` or `pods/status`
    pub resource: CompactString,
    pub verbs: &'static [&'static str],
}

/// A change of one object that was seen: `old` and `new` as far as they exist.
#[derive(Clone, Debug)]
pub struct Change {
    pub resource: Gvr,
    pub key: Key,
    pub old: Option<Arc<Object>>,
    pub new: Option<Arc<Object>>,
}

/// Time and chance as arguments: the same moment gives the same plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub now: Timestamp,
    pub random: u64,
}

pub trait Controller: Send + Sync {
    fn name(&self) -> &'static str;

    /// The first one is the primary kind.
    fn reads(&self) -> Vec<Input>;

    fn writes(&self) -> Vec<Grant>;

    /// Which keys of the primary kind a change concerns. By default: itself, and the controlling owner of others.
    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        let reads = self.reads();
        let Some(primary) = reads.first() else { return Vec::new() };
        if change.resource == primary.resource {
            return vec![change.key.clone()];
        }
        let mut keys: Vec<Key> = Vec::new();
        for object in [&change.old, &change.new].into_iter().flatten() {
            let owner = object.header.controller().map(|owner| Key::new(change.key.namespace.clone(), owner.name.clone()));
            keys.extend(owner.filter(|key| !keys.contains(key)).into_iter().collect::<Vec<_>>());
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: Moment) -> Plan;
}
