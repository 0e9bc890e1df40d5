//! Letting go: owners that end of their dependents, dependents of owners that are gone.

use super::node::{self, Node};
use super::{FOREGROUND, LISTING_WAIT, ORPHAN, has_finalizer};
use meta::{Object, OwnerRef, Value, value};
use plan::{Action, Plan, View};

/// What an object that is being deleted does about its dependents, as its finalizers say.
pub(super) fn plan(node: &Node, object: &Object, seen: &View, plan: &mut Plan) {
    let (orphans, waits) = (has_finalizer(object, ORPHAN), has_finalizer(object, FOREGROUND));
    if !orphans && !waits {
        return;
    }
    if !seen.is_whole() {
        // A kind that has not been listed may hold dependents.
        return plan.again_after(LISTING_WAIT);
    }
    if orphans {
        for (dependent, found) in node::dependents(object, seen) {
            plan.actions.push(without_owners(&dependent, found, |owner| owner.uid != object.header.uid));
        }
        plan.actions.push(without_finalizer(node, object, ORPHAN));
    } else if !node::dependents(object, seen).any(|(_, dependent)| blocks(dependent, object)) {
        plan.actions.push(without_finalizer(node, object, FOREGROUND));
    }
}

fn blocks(dependent: &Object, owner: &Object) -> bool {
    let named = |reference: &OwnerRef| reference.uid == owner.header.uid && reference.block_owner_deletion;
    dependent.header.owner_references.iter().any(named)
}

/// A patch of exactly the version that was seen: lists are replaced whole.
fn patch(node: &Node, object: &Object, fill: impl FnOnce(&mut Value)) -> Action {
    let mut patch = value!({"metadata": {"uid": (&object.header.uid)}});
    patch.set("metadata.resourceVersion", object.header.resource_version.to_string());
    fill(&mut patch);
    Action::Merge { resource: node.resource.clone(), key: node.key.clone(), subresource: "", patch }
}

pub(super) fn without_owners(node: &Node, object: &Object, keep: impl Fn(&OwnerRef) -> bool) -> Action {
    patch(node, object, |patch| {
        let kept = object.header.owner_references.iter().filter(|owner| keep(owner));
        patch.set(
            "metadata.ownerReferences",
            Value::List(kept.map(|owner| reference(owner, owner.block_owner_deletion)).collect()),
        );
    })
}

/// The same owners, none of which waits for this object.
pub(super) fn unblocked(node: &Node, object: &Object) -> Action {
    patch(node, object, |patch| {
        let owners = object.header.owner_references.iter().map(|owner| reference(owner, false));
        patch.set("metadata.ownerReferences", Value::List(owners.collect()));
    })
}

fn without_finalizer(node: &Node, object: &Object, finalizer: &str) -> Action {
    patch(node, object, |patch| {
        let left = object.header.finalizers.iter().filter(|known| *known != finalizer);
        patch.set("metadata.finalizers", Value::List(left.map(Value::from).collect()));
    })
}

fn reference(owner: &OwnerRef, blocks: bool) -> Value {
    let mut reference = value!({
        "apiVersion": (&owner.api_version), "kind": (&owner.kind), "name": (&owner.name), "uid": (&owner.uid)
    });
    if owner.controller {
        reference.set("controller", true);
    }
    if blocks || owner.block_owner_deletion {
        reference.set("blockOwnerDeletion", blocks);
    }
    reference
}
