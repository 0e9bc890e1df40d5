//! Deletes what has lost all its owners, and holds or frees owners while their dependents go.
//!
//! The graph is the view itself: objects name their owners, and every kind is indexed by owner. What is to be deleted
//! because an owner is absent is deleted only after the server has confirmed that absence: a cache may lag, a kind may
//! not have been listed, and a group may not have answered.

mod node;
mod owners;
mod release;

use jiff::SignedDuration;
use meta::{Key, Object};
use node::Node;
use owners::Owners;
use plan::{Action, Change, Controller, Deletion, Grant, Input, Moment, Plan, Propagation, View};
use std::sync::Arc;

pub(crate) const FOREGROUND: &str = "foregroundDeletion";
pub(crate) const ORPHAN: &str = "orphan";
/// Some kind has not been listed yet.
const LISTING_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// An owner is of a kind that is not served.
const UNKNOWN_KIND_WAIT: SignedDuration = SignedDuration::from_secs(60);

pub struct Garbage;

impl Controller for Garbage {
    fn name(&self) -> &'static str {
        "generic-garbage-collector"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::EveryDeletable]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant { group: "*".into(), resource: "*".into(), verbs: &["get", "list", "watch", "patch", "delete"] }]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        let node = Node { resource: change.resource.clone(), key: change.key.clone() };
        let mut keys = Vec::new();
        if change.new.as_ref().is_some_and(|new| concerns_itself(change) && !is_settled(&node, new, seen)) {
            keys.push(node.encode());
        }
        if let Some(owner) = begins_to_release(change) {
            keys.extend(node::dependents(owner, seen).map(|(node, _)| node.encode()));
        }
        if has_freed_owners(change) {
            let owners = change.old.iter().flat_map(|old| old.header.owner_references.iter());
            keys.extend(
                owners.filter_map(|owner| Node::of_owner(owner, &change.key.namespace, seen)).map(|n| n.encode()),
            );
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(node) = Node::decode(key) else { return plan };
        let Some(object) = seen.object(&node.resource, &node.key) else { return plan };
        if object.header.deletion_timestamp.is_some() {
            release::plan(&node, object, seen, &mut plan);
        } else if !object.header.owner_references.is_empty() {
            collect(&node, object, seen, &mut plan);
        }
        plan
    }
}

/// Whether all its owners are there and stay: then nothing is to be done, until one of them changes.
fn is_settled(node: &Node, object: &Object, seen: &View) -> bool {
    object.header.deletion_timestamp.is_none()
        && Owners::classify(node, object, seen).is_ok_and(|owners| owners.is_kept() && !owners.has_lost_some())
}

/// An object that came, or whose owners or whose deletion changed.
fn concerns_itself(change: &Change) -> bool {
    let Some(new) = &change.new else { return false };
    let (holds, owned) = (new.header.deletion_timestamp.is_some(), !new.header.owner_references.is_empty());
    let same = |old: &Arc<Object>| {
        old.header.owner_references == new.header.owner_references
            && old.header.deletion_timestamp == new.header.deletion_timestamp
            && old.header.finalizers == new.header.finalizers
    };
    (holds || owned) && !change.old.as_ref().is_some_and(same)
}

/// An object that went, or began to wait for its dependents to go: theirs is the next move.
fn begins_to_release(change: &Change) -> Option<&Object> {
    match (&change.old, &change.new) {
        (Some(old), None) => Some(old),
        (old, Some(new)) => {
            let waited = old.as_ref().is_some_and(|old| waits_for_dependents(old));
            (!waited && waits_for_dependents(new)).then_some(&**new)
        }
        (None, None) => None,
    }
}

/// A dependent that went, or let go of owners that may have waited for just that.
fn has_freed_owners(change: &Change) -> bool {
    let Some(old) = &change.old else { return false };
    !old.header.owner_references.is_empty()
        && change.new.as_ref().is_none_or(|new| new.header.owner_references != old.header.owner_references)
}

fn waits_for_dependents(object: &Object) -> bool {
    object.header.deletion_timestamp.is_some() && has_finalizer(object, FOREGROUND)
}

fn has_finalizer(object: &Object, finalizer: &str) -> bool {
    object.header.finalizers.iter().any(|known| known == finalizer)
}

/// Decides over an object by what its owners are.
fn collect(node: &Node, object: &Arc<Object>, seen: &View, plan: &mut Plan) {
    let owners = match Owners::classify(node, object, seen) {
        Ok(owners) => owners,
        Err(unknown) => {
            plan.say(unknown);
            return plan.again_after(UNKNOWN_KIND_WAIT);
        }
    };
    if owners.is_kept() {
        if owners.has_lost_some() {
            owners.confirm(plan);
            plan.actions.push(release::without_owners(node, object, |owner| !owners.is_lost(owner)));
        }
        return;
    }
    let has_dependents = node::dependents(object, seen).next().is_some();
    if owners.is_waited_for() && has_dependents {
        let cycle = node::dependents(object, seen).any(|(_, dependent)| waits_for_dependents(dependent));
        if cycle {
            // Two that wait for one another would wait for ever: this one lets its owners go first.
            plan.actions.push(release::unblocked(node, object));
        }
        plan.actions.push(delete(node, object, Propagation::Foreground, !cycle));
        return;
    }
    owners.confirm(plan);
    let propagation = if has_finalizer(object, ORPHAN) {
        Propagation::Orphan
    } else if has_finalizer(object, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    plan.actions.push(delete(node, object, propagation, true));
}

/// Guarded by the version that was judged, unless this plan changes it first: an owner added meanwhile must count.
fn delete(node: &Node, object: &Object, propagation: Propagation, guarded: bool) -> Action {
    let options = Deletion {
        uid: Some(object.header.uid.clone()),
        resource_version: guarded.then(|| object.header.resource_version.to_string().into()),
        propagation: Some(propagation),
        grace_seconds: None,
    };
    Action::Delete { resource: node.resource.clone(), key: node.key.clone(), options }
}

#[cfg(test)]
mod tests {
    #[test]
    fn garbage() {
        crate::testing::check(&super::Garbage, "garbage");
    }
}
