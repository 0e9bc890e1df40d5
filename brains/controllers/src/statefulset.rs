//! Pods with names that last: made in order, each with its own claims, replaced from the last to the first.

mod claims;
mod members;
mod pod;
mod rolling;
mod status;
mod walk;

use crate::ownership::{self, Claim};
use crate::revisions::{self, History, Naming, REVISION_HASH_LABEL};
use crate::{labels, pods};
use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use members::Members;
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

pub struct StatefulSets;

impl Controller for StatefulSets {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![
            Input::of::<StatefulSet>(),
            Input::of::<Pod>(),
            Input::of::<ControllerRevision>(),
            Input::of::<PersistentVolumeClaim>(),
        ]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on_subresource::<StatefulSet>("status", &["update"]),
            Grant::on::<Pod>(&["create", "delete", "patch"]),
            Grant::on::<ControllerRevision>(&["create", "update", "delete", "patch"]),
            Grant::on::<PersistentVolumeClaim>(&["create", "update"]),
        ]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == StatefulSet::gvr() {
            return vec![change.key.clone()];
        }
        let mut keys = ownership::controllers_of::<StatefulSet>(change);
        if let Some(orphan) = ownership::new_orphan(change).filter(|_| change.resource != PersistentVolumeClaim::gvr())
        {
            let sets = seen.in_namespace::<StatefulSet>(&change.key.namespace);
            let selecting = sets.filter(|set| selector(set).matches(&orphan.header.labels));
            keys.extend(selecting.map(|set| ownership::key(&set.metadata)));
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = seen.get::<StatefulSet>(&key.namespace, &key.name) else { return plan };
        let (spec, selector) = (spec(&set), selector(&set));
        let collisions = Some(set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0));
        let naming = Naming { label: REVISION_HASH_LABEL, collisions };
        let history = History::of::<StatefulSet>(&set.metadata, &selector, &spec.template, &naming, seen, &mut plan);
        let Some(history) = history else {
            status::count_collision(&set, &mut plan);
            return plan;
        };
        let claim = Claim { owner: &set.metadata, selector: &selector, finalizer: None };
        let is_member = |pod: &Pod| pod::ordinal(pod, &set).is_some();
        let mine: Vec<Arc<Pod>> = claim.dependents::<StatefulSet, Pod>(seen, &mut plan, is_member);
        let members = Members::new(&set, &spec, &history, mine, moment);
        status::plan(&set, &members, moment, &mut plan);
        if set.metadata.deletion_timestamp.is_none() && !walk::plan(&members, seen, &mut plan) {
            rolling::plan(&members, &mut plan);
        }
        let live = |revision: &ControllerRevision| members.is_in_use(revisions::name_of(revision));
        history.truncate(spec.revision_history_limit.unwrap_or(10), live, &mut plan);
        plan
    }
}

fn spec(set: &StatefulSet) -> StatefulSetSpec {
    set.spec.clone().unwrap_or_default()
}

fn selector(set: &StatefulSet) -> meta::selector::LabelSelector {
    labels::selector(set.spec.as_ref().map(|spec| &spec.selector))
}

fn delete(set: &StatefulSet, pod: &Pod, plan: &mut Plan) {
    let (name, owner) = (pods::name(pod), set.metadata.name.as_deref().unwrap_or(""));
    plan.delete::<Pod>(ownership::key(&pod.metadata), Some(pods::uid(pod)));
    plan.event_if_done(set, "SuccessfulDelete", format!("delete Pod {name} in StatefulSet {owner} successful"));
    plan.event_if_refused(set, "FailedDelete", format!("delete Pod {name} in StatefulSet {owner} failed error: "));
}

#[cfg(test)]
mod tests {
    #[test]
    fn stateful_sets() {
        crate::testing::check(&super::StatefulSets, "statefulset");
    }
}
