//! One pod on every node that fits, replaced node by node when the template changes.

mod nodes;
mod pod;
mod rolling;
mod status;

use crate::ownership::{self, Claim};
use crate::revisions::{self, HASH_LABEL, History, Naming};
use crate::{labels, pods};
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, DaemonSetSpec};
use k8s_openapi::api::core::v1::{Node, Pod};
use meta::{Key, Object};
use nodes::NodePods;
use plan::{Change, Controller, EventType, Grant, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

const BURST: usize = 250;

pub struct DaemonSets;

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn identity(&self) -> &'static str {
        "daemon-set-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<DaemonSet>(), Input::of::<Pod>(), Input::of::<Node>(), Input::of::<ControllerRevision>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on_subresource::<DaemonSet>("status", &["update"]),
            Grant::on::<Pod>(&["create", "delete", "patch"]),
            Grant::on::<ControllerRevision>(&["create", "update", "delete", "patch"]),
        ]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == DaemonSet::gvr() {
            return vec![change.key.clone()];
        }
        if change.resource == Node::gvr() {
            let same = change.old.as_deref().map(look) == change.new.as_deref().map(look);
            return if same {
                Vec::new()
            } else {
                seen.all::<DaemonSet>().map(|set| ownership::key(&set.metadata)).collect()
            };
        }
        let mut keys = ownership::controllers_of::<DaemonSet>(change);
        if let Some(orphan) = ownership::new_orphan(change) {
            let sets = seen.in_namespace::<DaemonSet>(&change.key.namespace);
            let selecting = sets.filter(|set| selector(set).matches(&orphan.header.labels));
            keys.extend(selecting.map(|set| ownership::key(&set.metadata)));
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = seen.get::<DaemonSet>(&key.namespace, &key.name) else { return plan };
        if set.metadata.deletion_timestamp.is_some() {
            return plan;
        }
        let selector = selector(&set);
        if selector.is_everything() {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            plan.event(&*set, EventType::Warning, "SelectingAll", message);
            return plan;
        }
        let template = spec(&set).template;
        let naming = Naming { label: HASH_LABEL, collisions: collisions(&set) };
        let history = History::of::<DaemonSet>(&set.metadata, &selector, &template, &naming, seen, &mut plan);
        let Some(history) = history else {
            status::count_collision(&set, &mut plan);
            return plan;
        };
        let claim = Claim { owner: &set.metadata, selector: &selector, finalizer: None };
        let mine = claim.dependents::<DaemonSet, Pod>(seen, &mut plan, |_| true);
        let hash = revisions::hash_of(&history.current).to_owned();
        let nodes = NodePods::of(&set, &mine, seen, hash);
        status::plan(&set, &nodes, moment, &mut plan);
        act(&set, &nodes, moment, &mut plan);
        let is_live =
            |revision: &ControllerRevision| mine.iter().any(|pod| pod::hash(pod) == revisions::hash_of(revision));
        history.truncate(spec(&set).revision_history_limit.unwrap_or(10), is_live, &mut plan);
        plan
    }
}

fn act(set: &DaemonSet, nodes: &NodePods, moment: &Moment, plan: &mut Plan) {
    let mut work = nodes.manage(set, moment, plan);
    if work.is_nothing() && nodes.rolls(set) {
        work = rolling::plan(set, nodes, moment);
    }
    for (nth, node) in work.create.iter().take(BURST).enumerate() {
        pod::create(set, node, &nodes.hash, nth, moment, plan);
    }
    for pod in work.delete.iter().take(BURST) {
        plan.delete::<Pod>(ownership::key(&pod.metadata), Some(pods::uid(pod)));
        plan.event_if_done(set, "SuccessfulDelete", format!("Deleted pod: {}", pods::name(pod)));
        plan.event_if_refused(set, "FailedDelete", "Error deleting: ");
    }
}

/// All of a node that decides over pods.
fn look(node: &Object) -> (meta::Labels, meta::Value) {
    (node.header.labels.clone(), node.value().at("spec.taints").clone())
}

fn spec(set: &DaemonSet) -> DaemonSetSpec {
    set.spec.clone().unwrap_or_default()
}

fn collisions(set: &DaemonSet) -> Option<i32> {
    set.status.as_ref().and_then(|status| status.collision_count)
}

fn selector(set: &DaemonSet) -> meta::selector::LabelSelector {
    labels::selector(set.spec.as_ref().map(|spec| &spec.selector))
}

/// What a plan does about pods.
#[derive(Default)]
struct Work {
    /// The names of nodes.
    create: Vec<String>,
    delete: Vec<Arc<Pod>>,
}

impl Work {
    fn is_nothing(&self) -> bool {
        self.create.is_empty() && self.delete.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn daemon_sets() {
        crate::testing::check(&super::DaemonSets, "daemonset");
    }
}
