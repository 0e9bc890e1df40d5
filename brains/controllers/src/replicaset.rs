//! Keeps as many pods as a ReplicaSet, or a ReplicationController, asks for. Both kinds share every decision.

mod set;
mod status;

use crate::ownership::{self, Claim};
use crate::{deletion_order, labels, pods, template};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Pod, ReplicationController};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use meta::Key;
use meta::selector::LabelSelector;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use set::{Replicated, Set};
use std::sync::Arc;

/// As many pods are created or deleted at most before looking again.
const BURST: usize = 500;

pub struct ReplicaSets;
pub struct ReplicationControllers;

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        "replicaset-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<ReplicaSet>(), Input::of::<Pod>()]
    }

    fn writes(&self) -> Vec<Grant> {
        grants::<ReplicaSet>()
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        keys::<ReplicaSet>(change, seen)
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        reconcile::<ReplicaSet>(key, seen, moment)
    }
}

impl Controller for ReplicationControllers {
    fn name(&self) -> &'static str {
        "replication-controller"
    }

    fn event_source(&self) -> &'static str {
        "replication-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<ReplicationController>(), Input::of::<Pod>()]
    }

    fn writes(&self) -> Vec<Grant> {
        grants::<ReplicationController>()
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        keys::<ReplicationController>(change, seen)
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        reconcile::<ReplicationController>(key, seen, moment)
    }
}

fn grants<T: Resource>() -> Vec<Grant> {
    vec![Grant::on_subresource::<T>("status", &["update"]), Grant::on::<Pod>(&["create", "delete", "patch"])]
}

fn keys<T: Replicated>(change: &Change, seen: &View) -> Vec<Key> {
    if change.resource == T::gvr() {
        return vec![change.key.clone()];
    }
    let mut keys = ownership::controllers_of::<T>(change);
    if let Some(orphan) = ownership::new_orphan(change) {
        let selecting = |set: &Arc<T>| set.set().selector.matches(&orphan.header.labels);
        let sets = seen.in_namespace::<T>(&change.key.namespace).filter(selecting);
        keys.extend(sets.map(|set| ownership::key(set.metadata())));
    }
    keys
}

fn reconcile<T: Replicated>(key: &Key, seen: &View, moment: &Moment) -> Plan {
    let mut plan = Plan::nothing();
    let Some(object) = seen.get::<T>(&key.namespace, &key.name) else { return plan };
    let set = object.set();
    let claim = Claim { owner: object.metadata(), selector: &set.selector, finalizer: None };
    let claimed: Vec<Arc<Pod>> = claim.dependents::<T, Pod>(seen, &mut plan, pods::is_active);
    let (active, rest): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|pod| pods::is_active(pod));
    let terminating = rest.iter().filter(|pod| pods::is_terminating(pod)).count();

    // The status is that of the pods before this plan, so it may be told first: then it is also told where pods are
    // refused.
    let status = status::of(&set, &active, terminating, T::TELLS_TERMINATING, moment);
    if status != set.status {
        plan.update_status(key.clone(), &T::with_status(&object, &status));
    }
    look_again(&set, &status, &active, moment, &mut plan);
    if object.metadata().deletion_timestamp.is_none() {
        manage(&*object, &set, active, seen, moment, &mut plan);
    }
    plan
}

fn manage<T: Replicated>(object: &T, set: &Set, active: Vec<Arc<Pod>>, seen: &View, moment: &Moment, plan: &mut Plan) {
    let wanted = usize::try_from(set.replicas).unwrap_or(0);
    if active.len() < wanted {
        let missing = (wanted - active.len()).min(BURST);
        create(object, set, missing, moment, plan);
    } else if active.len() > wanted {
        let surplus = (active.len() - wanted).min(BURST);
        let related = related_pods::<T>(object.metadata(), seen);
        for pod in deletion_order::first(active, &related, surplus, moment.now) {
            plan.delete::<Pod>(ownership::key(&pod.metadata), Some(pods::uid(&pod)));
            plan.event_if_done(object, "SuccessfulDelete", format!("Deleted pod: {}", pods::name(&pod)));
            plan.event_if_refused(object, "FailedDelete", "Error deleting: ");
        }
    }
}

fn create<T: Replicated>(object: &T, set: &Set, missing: usize, moment: &Moment, plan: &mut Plan) {
    let owner = object.metadata();
    let namespace = owner.namespace.as_deref().unwrap_or("");
    let base = template::prefix(owner.name.as_deref().unwrap_or(""));
    let pattern = plan::with_type(&template::pod::<T>(&set.template, owner, &base));
    for nth in 0..missing {
        let name = moment.name(&base, nth);
        let mut pod = pattern.clone();
        pod.set("metadata.name", &name);
        plan.create_encoded::<Pod>(namespace, pod);
        plan.event_if_done(object, "SuccessfulCreate", format!("Created pod: {name}"));
        plan.event_if_refused(object, "FailedCreate", "Error creating: ");
    }
}

/// All pods of this set and of those that its own controller owns beside it: of several on one node, one goes first.
fn related_pods<T: Replicated>(owner: &ObjectMeta, seen: &View) -> Vec<Arc<Pod>> {
    let siblings: Vec<String> = match ownership::controller(owner) {
        Some(parent) => seen.owned_by::<T>(&parent.uid).filter_map(|set| set.metadata().uid.clone()).collect(),
        None => owner.uid.iter().cloned().collect(),
    };
    siblings.iter().flat_map(|uid| seen.owned_by::<Pod>(uid).collect::<Vec<_>>()).collect()
}

/// A ready pod becomes available by nothing but time.
fn look_again(set: &Set, status: &set::Status, active: &[Arc<Pod>], moment: &Moment, plan: &mut Plan) {
    if set.min_ready_seconds == 0 || status.ready == status.available {
        return;
    }
    let waits = active.iter().filter_map(|pod| pods::available_in(pod, set.min_ready_seconds, moment.now));
    waits.filter(|wait| wait.is_positive()).min().into_iter().for_each(|wait| plan.again_after(wait));
}

/// Matches pods that carry every label of the template.
fn template_labels(set: &Set) -> LabelSelector {
    let labels = set.template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    labels
        .filter(|labels| !labels.is_empty())
        .map_or_else(LabelSelector::everything, |pairs| labels::equal(Some(pairs)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn replica_sets() {
        crate::testing::check(&super::ReplicaSets, "replicaset");
    }
}
