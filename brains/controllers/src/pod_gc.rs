//! Removes pods that nobody will: of nodes that are no more, ending without ever having had a node, on nodes that are
//! out of service, and the oldest of too many that have ended.

use crate::node_pods::BY_NODE;
use crate::taint_eviction::disrupt;
use crate::{ownership, pods, taints};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Node, Pod};
use meta::{Key, Value};
use plan::{Change, Controller, Deletion, Fact, Grant, Index, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// A node that has gone may come back under its name: its pods are left alone for so long.
const QUARANTINE: SignedDuration = SignedDuration::from_secs(40);
/// So many pods that have ended are kept.
const MOST_ENDED: usize = 12_500;

/// Pods that have ended, all under one value.
const ENDED: Index = Index {
    name: "ended",
    values: |pod| {
        let ended = pod.typed::<Pod>().is_ok_and(|pod| pods::is_terminal(&pod));
        if ended { vec!["yes".into()] } else { Vec::new() }
    },
};

pub struct PodGc;

/// The key of the question whether too many pods have ended; it is no pod's, for those have a namespace.
fn ended_key() -> Key {
    Key::cluster("ended")
}

impl Controller for PodGc {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn identity(&self) -> &'static str {
        "pod-garbage-collector"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::indexed::<Pod>(&[BY_NODE, ENDED]), Input::of::<Node>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<Pod>(&["delete"]), Grant::on_subresource::<Pod>("status", &["patch"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Node::gvr() {
            return seen.indexed::<Pod>(&BY_NODE, &change.key.name).map(|pod| ownership::key(&pod.metadata)).collect();
        }
        let Some(pod) = change.new.as_ref().and_then(|pod| pod.typed::<Pod>().ok()) else { return Vec::new() };
        let mut keys = Vec::new();
        if pods::is_deleted(&pod) || is_stranded(&pod, seen) {
            keys.push(change.key.clone());
        }
        if pods::is_terminal(&pod) {
            keys.push(ended_key());
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        if *key == ended_key() {
            remove_oldest(seen, moment, &mut plan);
            return plan;
        }
        let Some(pod) = seen.get::<Pod>(&key.namespace, &key.name) else { return plan };
        if is_stranded(&pod, seen) {
            if !moment.alarmed {
                plan.again_after(QUARANTINE);
                return plan;
            }
            plan.confirm(Fact::Absent { resource: Node::gvr(), key: Key::cluster(pods::node(&pod)), uid: None });
            let phase = (!pods::is_terminal(&pod)).then_some("Failed");
            disrupt(&pod, "DeletionByPodGC", "PodGC: node no longer exists", phase, moment, &mut plan);
            delete(&pod, &mut plan);
        } else if pods::is_deleted(&pod) && (pods::node(&pod).is_empty() || is_out_of_service(&pod, seen)) {
            remove(&pod, &mut plan);
        }
        plan
    }
}

/// Its node is not there, though it had one.
fn is_stranded(pod: &Pod, seen: &View) -> bool {
    let node = pods::node(pod);
    !node.is_empty() && seen.get::<Node>("", node).is_none()
}

fn is_out_of_service(pod: &Pod, seen: &View) -> bool {
    seen.get::<Node>("", pods::node(pod)).is_some_and(|node| {
        let ready = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let ready = ready.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
        !ready && taints::of(&node).iter().any(|taint| taint.key == OUT_OF_SERVICE)
    })
}

/// A pod that has not ended is told to have failed before it goes: whoever counts it must see that.
fn remove(pod: &Pod, plan: &mut Plan) {
    if !pods::is_terminal(pod) {
        let mut patch = ownership::guarded(&pod.metadata);
        patch.set("status.phase", Value::from("Failed"));
        plan.merge::<Pod>(ownership::key(&pod.metadata), "status", patch);
    }
    delete(pod, plan);
}

fn delete(pod: &Pod, plan: &mut Plan) {
    let options = Deletion { uid: Some(pods::uid(pod).into()), grace_seconds: Some(0), ..Deletion::default() };
    plan.delete_with::<Pod>(ownership::key(&pod.metadata), options);
}

/// Evicted ones first, then the oldest.
fn remove_oldest(seen: &View, _moment: &Moment, plan: &mut Plan) {
    let mut ended: Vec<Arc<Pod>> = seen.indexed::<Pod>(&ENDED, "yes").collect();
    let surplus = ended.len().saturating_sub(MOST_ENDED);
    if surplus == 0 {
        return;
    }
    let kept = |pod: &Pod| pod.status.as_ref().and_then(|status| status.reason.as_deref()) != Some("Evicted");
    let age = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    ended.sort_by(|a, b| (kept(a), age(a), pods::name(a)).cmp(&(kept(b), age(b), pods::name(b))));
    for pod in ended.iter().take(surplus) {
        delete(pod, plan);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn pod_gc() {
        crate::testing::check(&super::PodGc, "pod_gc");
    }
}
