//! Who controls what: claiming dependents by selector, and finding the keys that a dependent's change concerns.

use crate::labels;
use crate::template::controller_reference;
use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use meta::selector::LabelSelector;
use meta::{Key, Object, Value, value};
use plan::{Change, Fact, Plan, Resource, View};
use std::sync::Arc;

/// A resource whose metadata is an object's.
pub(crate) trait Described: Resource + Metadata<Ty = ObjectMeta> + Clone {}
impl<T: Resource + Metadata<Ty = ObjectMeta> + Clone> Described for T {}

pub(crate) fn key(object: &ObjectMeta) -> Key {
    Key::new(object.namespace.as_deref().unwrap_or(""), object.name.as_deref().unwrap_or(""))
}

pub(crate) fn uid(object: &ObjectMeta) -> &str {
    object.uid.as_deref().unwrap_or("")
}

pub(crate) fn controller(object: &ObjectMeta) -> Option<&OwnerReference> {
    object.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

/// Whoever owns dependents and selects them.
pub(crate) struct Claim<'a> {
    pub(crate) owner: &'a ObjectMeta,
    pub(crate) selector: &'a LabelSelector,
    /// Released dependents lose this finalizer with their owner.
    pub(crate) finalizer: Option<&'static str>,
}

impl Claim<'_> {
    /// The dependents that are the owner's: orphans that match are adopted, and what matches no longer is let go. Only
    /// those that `may_adopt` says are worth it are adopted.
    pub(crate) fn dependents<O: Described, D: Described>(
        &self,
        seen: &View,
        plan: &mut Plan,
        may_adopt: impl Fn(&D) -> bool,
    ) -> Vec<Arc<D>> {
        let ends = self.owner.deletion_timestamp.is_some();
        let mut mine = Vec::new();
        for dependent in seen.owned_by::<D>(uid(self.owner)).filter(|d| self.controls(d.metadata())) {
            if labels::matches(self.selector, dependent.metadata()) {
                mine.push(dependent);
            } else if !ends {
                self.release(&*dependent, plan);
            }
        }
        if ends {
            return mine;
        }
        let namespace = self.owner.namespace.as_deref().unwrap_or("");
        let fit = |orphan: &Arc<D>| {
            let object = orphan.metadata();
            object.deletion_timestamp.is_none() && labels::matches(self.selector, object) && may_adopt(orphan)
        };
        let orphans: Vec<Arc<D>> = seen.orphans::<D>(namespace).filter(fit).collect();
        if !orphans.is_empty() {
            let (resource, key, uid) = (O::gvr(), key(self.owner), uid(self.owner).into());
            plan.confirm(Fact::Alive { resource, key, uid });
        }
        for orphan in orphans {
            self.adopt::<O, D>(&orphan, plan);
            mine.push(orphan);
        }
        mine
    }

    fn controls(&self, dependent: &ObjectMeta) -> bool {
        controller(dependent).is_some_and(|owner| owner.uid == uid(self.owner))
    }

    fn adopt<O: Described, D: Described>(&self, orphan: &D, plan: &mut Plan) {
        let mut owners = orphan.metadata().owner_references.clone().unwrap_or_default();
        owners.push(controller_reference::<O>(self.owner));
        let mut patch = guarded(orphan.metadata());
        patch.set("metadata.ownerReferences", references(&owners));
        if let Some(finalizer) = self.finalizer {
            let mut finalizers = orphan.metadata().finalizers.clone().unwrap_or_default();
            if !finalizers.iter().any(|known| known == finalizer) {
                finalizers.push(finalizer.into());
            }
            patch.set("metadata.finalizers", finalizers);
        }
        plan.merge::<D>(key(orphan.metadata()), "", patch);
    }

    fn release<D: Described>(&self, dependent: &D, plan: &mut Plan) {
        let object = dependent.metadata();
        let others = object.owner_references.iter().flatten().filter(|owner| owner.uid != uid(self.owner));
        let mut patch = guarded(object);
        patch.set("metadata.ownerReferences", references(&others.cloned().collect::<Vec<_>>()));
        if let Some(finalizer) = self.finalizer {
            patch.set("metadata.finalizers", without(object, finalizer));
        }
        plan.merge::<D>(key(object), "", patch);
    }
}

/// A patch for exactly the object that was seen: lists are replaced whole, so nothing may have changed meanwhile.
pub(crate) fn guarded(object: &ObjectMeta) -> Value {
    let mut patch = Value::map();
    patch.set("metadata.uid", uid(object));
    patch.set("metadata.resourceVersion", object.resource_version.clone());
    patch
}

pub(crate) fn without(object: &ObjectMeta, finalizer: &str) -> Value {
    let left = object.finalizers.iter().flatten().filter(|known| *known != finalizer);
    Value::List(left.map(Value::from).collect())
}

fn references(owners: &[OwnerReference]) -> Value {
    Value::List(owners.iter().map(reference).collect())
}

fn reference(owner: &OwnerReference) -> Value {
    let mut reference = value!({
        "apiVersion": (&owner.api_version), "kind": (&owner.kind), "name": (&owner.name), "uid": (&owner.uid)
    });
    for (field, set) in [("controller", owner.controller), ("blockOwnerDeletion", owner.block_owner_deletion)] {
        if let Some(set) = set {
            reference.set(field, set);
        }
    }
    reference
}

/// The keys of controllers of one kind that control either side of a change.
pub(crate) fn controllers_of<T: Resource>(change: &Change) -> Vec<Key> {
    let mut keys = Vec::new();
    for owner in change.sides().filter_map(|object| object.header.controller()) {
        let key = Key::new(change.key.namespace.clone(), owner.name.clone());
        if owner.kind == T::KIND && owner.api_version == T::API_VERSION && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Whether an object without a controller has come, or come to be so, or changed its labels: someone may adopt it.
pub(crate) fn new_orphan(change: &Change) -> Option<&Arc<Object>> {
    let new = change.new.as_ref().filter(|new| new.header.controller().is_none())?;
    let same = |old: &Arc<Object>| old.header.controller().is_none() && old.header.labels == new.header.labels;
    (!change.old.as_ref().is_some_and(same)).then_some(new)
}
