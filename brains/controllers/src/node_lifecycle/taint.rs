//! A node's taints by its conditions: against new pods at once, against those that run at the zone's pace.

use super::{condition, zones};
use crate::ownership;
use crate::taints::{self, NO_EXECUTE, NOT_READY, UNREACHABLE};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Node, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use meta::Value;
use plan::{Moment, Plan, View};

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Nodes that fall silent together are heard of for the last time up to a lease's renewal apart: before one is given up,
/// it must be known whether the others are silent too.
const SETTLING: SignedDuration = SignedDuration::from_secs(10);
/// How soon a node that may not be given up now is looked at again.
const LATER: SignedDuration = SignedDuration::from_secs(5);

/// condition, its status, the taint
const BY_CONDITION: &[(&str, &str, &str)] = &[
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// `node` as it was seen, and as this plan shows it.
pub(super) fn plan(node: &Node, shown: &Node, seen: &View, moment: &Moment, plan: &mut Plan) {
    let present = taints::of(node);
    let ours = |taint: &&Taint| is_ours(taint);
    let mut wanted: Vec<Taint> = present.iter().filter(|taint| !ours(taint)).cloned().collect();
    wanted.extend(by_conditions(shown).into_iter().map(|key| kept_or_new(present, key, "NoSchedule", None)));
    wanted.extend(
        executing(node, shown, seen, moment, plan)
            .map(|key| kept_or_new(present, key, NO_EXECUTE, Some(Time(moment.now)))),
    );
    let differs = wanted.len() != present.len() || wanted.iter().any(|taint| !present.contains(taint));
    if differs {
        let taints = wanted.iter().filter_map(|taint| Value::encode(taint).ok()).collect();
        let mut patch = ownership::guarded(&node.metadata);
        if node != shown {
            // This plan has written the status before: the uid alone guards this.
            patch.remove("metadata.resourceVersion");
        }
        patch.set("spec.taints", Value::List(taints));
        plan.merge::<Node>(ownership::key(&node.metadata), "", patch);
    }
}

fn is_ours(taint: &Taint) -> bool {
    let schedules = BY_CONDITION.iter().map(|(_, _, key)| *key).chain([UNSCHEDULABLE]);
    match taint.effect.as_str() {
        "NoSchedule" => schedules.into_iter().any(|key| key == taint.key),
        NO_EXECUTE => taint.key == NOT_READY || taint.key == UNREACHABLE,
        _ => false,
    }
}

fn by_conditions(node: &Node) -> Vec<&'static str> {
    let holds = |(kind, status, _): &&(&str, &str, &str)| condition(node, kind).is_some_and(|c| c.status == *status);
    let mut keys: Vec<&str> = BY_CONDITION.iter().filter(holds).map(|(_, _, key)| *key).collect();
    if node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)) {
        keys.push(UNSCHEDULABLE);
    }
    keys
}

/// The taint against what runs there, once the node's turn has come.
fn executing(node: &Node, shown: &Node, seen: &View, moment: &Moment, plan: &mut Plan) -> Option<&'static str> {
    let ready = condition(shown, "Ready");
    let key = match ready.map(|ready| ready.status.as_str()) {
        Some("False") => NOT_READY,
        Some("True") => return None,
        _ => UNREACHABLE,
    };
    let all = zones::all(shown, seen);
    if zones::are_dark(&all) {
        plan.again_after(LATER);
        return None;
    }
    let given_up = |taint: &Taint| taint.effect == NO_EXECUTE && (taint.key == NOT_READY || taint.key == UNREACHABLE);
    if taints::of(node).iter().any(given_up) {
        return Some(key);
    }
    let since = ready.and_then(|ready| ready.last_transition_time.as_ref()).map(|time| time.0);
    let settled = since.map_or(SignedDuration::ZERO, |since| SETTLING - moment.now.duration_since(since));
    let turn = match (zones::pace(node, &all), zones::last_given_up(node, &all)) {
        (Some(pace), Some(last)) => pace - moment.now.duration_since(last),
        (Some(_), None) => SignedDuration::ZERO,
        (None, _) => LATER,
    };
    let wait = settled.max(turn);
    if wait.is_positive() {
        plan.again_after(wait);
        return None;
    }
    Some(key)
}

fn kept_or_new(present: &[Taint], key: &str, effect: &str, time_added: Option<Time>) -> Taint {
    let kept = present.iter().find(|taint| taint.key == key && taint.effect == effect).cloned();
    kept.unwrap_or_else(|| Taint { key: key.into(), effect: effect.into(), value: None, time_added })
}
