//! Empties a namespace that is being deleted, pods first, and lets it go once the server itself says that nothing of
//! any kind is left.

mod conditions;

use conditions::Remains;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use meta::{Gvr, Key};
use plan::{Action, Change, Controller, Fact, Grant, Input, Moment, Plan, Resource, Served, View};

const FINALIZER: &str = "kubernetes";
/// What remains is looked at again after so long, even if nothing of it changes.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);

pub struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Namespace>(), Input::EveryDeletable]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on_subresource::<Namespace>("status", &["update"]),
            Grant::on_subresource::<Namespace>("finalize", &["update"]),
            Grant { group: "*".into(), resource: "*".into(), verbs: &["delete", "deletecollection", "get", "list"] },
        ]
    }

    /// Whatever goes from a namespace that ends may have been the last of it.
    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Namespace::gvr() {
            return vec![change.key.clone()];
        }
        let key = Key::cluster(change.key.namespace.clone());
        let ends = || seen.object(&Namespace::gvr(), &key).is_some_and(|n| n.header.deletion_timestamp.is_some());
        if change.new.is_none() && !key.name.is_empty() && ends() { vec![key] } else { Vec::new() }
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(namespace) = seen.get::<Namespace>("", &key.name) else { return plan };
        let finalizers = namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_ref());
        let held = finalizers.is_some_and(|finalizers| finalizers.iter().any(|finalizer| finalizer == FINALIZER));
        if namespace.metadata.deletion_timestamp.is_some() && held {
            empty(&namespace, seen, moment, &mut plan);
        }
        plan
    }
}

fn empty(namespace: &Namespace, seen: &View, moment: &Moment, plan: &mut Plan) {
    let name = namespace.metadata.name.as_deref().unwrap_or("");
    let pods = seen.kind(&Pod::gvr()).is_some_and(|kind| kind.in_namespace(name).next().is_some());
    let kinds: Vec<&Served> = deletable(seen).collect();
    let remains = if pods { Remains::default() } else { Remains::count(&kinds, name, seen) };
    let shown = conditions::show(namespace, &remains, seen.catalog(), moment);
    if shown != *namespace {
        plan.update_status(Key::cluster(name), &shown);
    }
    if pods {
        // Pods may need what else there is to end well: everything else waits for them.
        delete_all(&Pod::gvr(), name, seen, plan);
        return plan.again_after(PATIENCE);
    }
    for served in &kinds {
        if served.is_deletable() {
            delete_all(&served.resource, name, seen, plan);
        } else if served.can("deletecollection") {
            plan.actions.push(Action::DeleteAll { resource: served.resource.clone(), namespace: name.into() });
        }
    }
    if !remains.is_nothing() || !seen.catalog().failed.is_empty() {
        return plan.again_after(PATIENCE);
    }
    for served in kinds.iter().filter(|served| served.can("list")) {
        plan.confirm(Fact::Empty { resource: served.resource.clone(), namespace: name.into() });
    }
    finalize(&shown, plan);
}

fn deletable(seen: &View) -> impl Iterator<Item = &Served> {
    seen.catalog().resources.iter().filter(|served| served.namespaced && served.can("delete"))
}

/// Deletes what was seen and is not yet being deleted.
fn delete_all(resource: &Gvr, namespace: &str, seen: &View, plan: &mut Plan) {
    let all = seen.kind(resource).into_iter().flat_map(|kind| kind.in_namespace(namespace));
    let mut left = all.filter(|object| object.header.deletion_timestamp.is_none()).peekable();
    if left.peek().is_none() {
        return;
    }
    let at_once = seen.catalog().of_resource(resource).is_some_and(|served| served.can("deletecollection"));
    if at_once {
        plan.actions.push(Action::DeleteAll { resource: resource.clone(), namespace: namespace.into() });
        return;
    }
    for object in left {
        let options = plan::Deletion {
            uid: Some(object.header.uid.clone()),
            propagation: Some(plan::Propagation::Background),
            ..plan::Deletion::default()
        };
        plan.actions.push(Action::Delete { resource: resource.clone(), key: object.key(), options });
    }
}

fn finalize(namespace: &Namespace, plan: &mut Plan) {
    let mut released = namespace.clone();
    let finalizers = &mut released.spec.get_or_insert_default().finalizers;
    finalizers.get_or_insert_default().retain(|finalizer| finalizer != FINALIZER);
    // The status may have been written by this very plan: the uid alone guards this.
    released.metadata.resource_version = None;
    let (resource, object) = (Namespace::gvr(), plan::with_type(&released));
    let key = Key::cluster(namespace.metadata.name.as_deref().unwrap_or(""));
    plan.actions.push(Action::Update { resource, key, subresource: "finalize", object });
}

#[cfg(test)]
mod tests {
    #[test]
    fn namespaces() {
        crate::testing::check(&super::Namespaces, "namespace");
    }
}
