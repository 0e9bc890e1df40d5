//! Deletes pods from nodes whose NoExecute taints they do not tolerate, or tolerate no longer.

use crate::node_pods::BY_NODE;
use crate::{ownership, pods, taints};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Node, Pod, Taint};
use meta::{Key, Value, value};
use plan::{Change, Controller, EventType, Grant, Input, Moment, Plan, Resource, View};

pub struct TaintEviction;

impl Controller for TaintEviction {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn identity(&self) -> &'static str {
        "node-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::indexed::<Pod>(&[BY_NODE]), Input::of::<Node>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<Pod>(&["delete"]), Grant::on_subresource::<Pod>("status", &["patch"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        let executing = |node: &Node| taints::of(node).iter().filter(|t| t.effect == taints::NO_EXECUTE).count();
        if change.resource == Pod::gvr() {
            let node = change.new.as_ref().and_then(|pod| pod.typed::<Pod>().ok());
            let node = node.and_then(|pod| seen.get::<Node>("", pods::node(&pod)));
            return node.filter(|node| executing(node) > 0).map(|_| change.key.clone()).into_iter().collect();
        }
        let nodes: Vec<_> = change.sides().filter_map(|node| node.typed::<Node>().ok()).collect();
        if nodes.iter().all(|node| executing(node) == 0)
            || nodes.windows(2).all(|n| taints::of(&n[0]) == taints::of(&n[1])) && nodes.len() == 2
        {
            return Vec::new();
        }
        seen.indexed::<Pod>(&BY_NODE, &change.key.name).map(|pod| ownership::key(&pod.metadata)).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(pod) = seen.get::<Pod>(&key.namespace, &key.name) else { return plan };
        let Some(node) = seen.get::<Node>("", pods::node(&pod)) else { return plan };
        if pods::is_deleted(&pod) || pods::is_terminal(&pod) {
            return plan;
        }
        let executing: Vec<&Taint> =
            taints::of(&node).iter().filter(|taint| taint.effect == taints::NO_EXECUTE).collect();
        match tolerated_until(&pod, &executing, moment) {
            Tolerated::ForEver => {}
            Tolerated::Until(end) if end > moment.now => plan.again_after(end.duration_since(moment.now)),
            Tolerated::Until(_) => evict(&pod, moment, &mut plan),
        }
        plan
    }
}

enum Tolerated {
    ForEver,
    Until(Timestamp),
}

fn tolerated_until(pod: &Pod, executing: &[&Taint], moment: &Moment) -> Tolerated {
    if executing.is_empty() {
        return Tolerated::ForEver;
    }
    let mut shortest: Option<i64> = None;
    for taint in executing {
        let Some(toleration) = taints::tolerations(pod).iter().find(|toleration| taints::tolerates(toleration, taint))
        else {
            return Tolerated::Until(moment.now);
        };
        if let Some(seconds) = toleration.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |known| known.min(seconds)));
        }
    }
    let Some(seconds) = shortest else { return Tolerated::ForEver };
    // A taint that does not say since when it is there counts from when it could have been seen.
    let since = executing.iter().filter_map(|taint| taint.time_added.as_ref()).map(|time| time.0).max();
    let since = since.unwrap_or(moment.awake_since.max(Timestamp::UNIX_EPOCH));
    Tolerated::Until(since.saturating_add(SignedDuration::from_secs(seconds.max(0))).unwrap_or(Timestamp::MAX))
}

fn evict(pod: &Pod, moment: &Moment, plan: &mut Plan) {
    let key = ownership::key(&pod.metadata);
    plan.event(pod, EventType::Normal, "TaintManagerEviction", format!("Marking for deletion Pod {key}"));
    let message = "Taint manager: deleting due to NoExecute taint";
    disrupt(pod, "DeletionByTaintManager", message, None, moment, plan);
    plan.delete::<Pod>(key, Some(pods::uid(pod)));
}

/// Tells, before a pod is deleted, that it is not its own doing.
pub(crate) fn disrupt(pod: &Pod, reason: &str, message: &str, phase: Option<&str>, moment: &Moment, plan: &mut Plan) {
    let condition = value!({
        "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
        "lastTransitionTime": (meta::Time(moment.now).to_string())
    });
    let others = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let others = others.filter(|known| known.type_ != "DisruptionTarget").filter_map(|known| Value::encode(known).ok());
    let mut patch = ownership::guarded(&pod.metadata);
    patch.set("status.conditions", Value::List(others.chain([condition]).collect()));
    if let Some(phase) = phase {
        patch.set("status.phase", phase);
    }
    plan.merge::<Pod>(ownership::key(&pod.metadata), "status", patch);
}

#[cfg(test)]
mod tests {
    #[test]
    fn taint_eviction() {
        crate::testing::check(&super::TaintEviction, "taint_eviction");
    }
}
