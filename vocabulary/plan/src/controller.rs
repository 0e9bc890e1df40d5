//! A controller: declared inputs and outputs and one pure function.

use crate::{Index, Moment, Plan, Resource, View};
use meta::{CompactString, Gvr, Key, Object};
use std::sync::Arc;

/// What a controller reads.
#[derive(Clone, Debug)]
pub enum Input {
    Kind {
        resource: Gvr,
        /// Questions that it asks of this kind often.
        indexes: &'static [Index],
    },
    /// Every kind that can be listed, watched and deleted, as they come and go; [`View::catalog`] names them.
    EveryDeletable,
}

impl Input {
    pub fn of<T: Resource>() -> Input {
        Input::indexed::<T>(&[])
    }

    pub fn indexed<T: Resource>(indexes: &'static [Index]) -> Input {
        Input::Kind { resource: T::gvr(), indexes }
    }

    pub fn resource(&self) -> Option<&Gvr> {
        match self {
            Input::Kind { resource, .. } => Some(resource),
            Input::EveryDeletable => None,
        }
    }
}

/// What a controller may write: its RBAC role is made of these and its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub group: CompactString,
    /// `pods` or `pods/status`
    pub resource: CompactString,
    pub verbs: &'static [&'static str],
}

impl Grant {
    pub fn on<T: Resource>(verbs: &'static [&'static str]) -> Grant {
        Grant { group: T::GROUP.into(), resource: T::URL_PATH_SEGMENT.into(), verbs }
    }

    pub fn on_subresource<T: Resource>(subresource: &str, verbs: &'static [&'static str]) -> Grant {
        Grant { group: T::GROUP.into(), resource: format!("{}/{subresource}", T::URL_PATH_SEGMENT).into(), verbs }
    }

    /// Whether this grants a verb on a resource of a group, both as an action names them.
    pub fn allows(&self, group: &str, resource: &str, verb: &str) -> bool {
        let same = |rule: &str, asked: &str| rule == "*" || rule == asked;
        same(&self.group, group) && same(&self.resource, resource) && self.verbs.iter().any(|rule| same(rule, verb))
    }
}

/// A change of one object that was seen: `old` and `new` as far as they exist.
#[derive(Clone, Debug)]
pub struct Change {
    pub resource: Gvr,
    pub key: Key,
    pub old: Option<Arc<Object>>,
    pub new: Option<Arc<Object>>,
}

impl Change {
    /// Both sides, as far as they exist.
    pub fn sides(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }
}

pub trait Controller: Send + Sync {
    fn name(&self) -> &'static str;

    /// The service account under which it writes; upstream's roles are bound to these names.
    fn identity(&self) -> &'static str {
        self.name()
    }

    /// The component that its events name.
    fn event_source(&self) -> &'static str {
        self.name()
    }

    /// The first one is the primary kind.
    fn reads(&self) -> Vec<Input>;

    fn writes(&self) -> Vec<Grant>;

    /// Which keys of the primary kind a change concerns. By default: itself, and the controlling owner of others.
    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        let reads = self.reads();
        let Some(primary) = reads.first().and_then(Input::resource) else { return Vec::new() };
        if change.resource == *primary {
            return vec![change.key.clone()];
        }
        let mut keys: Vec<Key> = Vec::new();
        for owner in change.sides().filter_map(|object| object.header.controller()) {
            let key = Key::new(change.key.namespace.clone(), owner.name.clone());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan;
}
