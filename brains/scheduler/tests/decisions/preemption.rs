//! Who has to leave for whom.

use crate::stage::{Stage, outcome};
use scheduler::{Decision, Promise};

/// The node that is promised, and who leaves it.
fn told(decision: &Decision) -> String {
    let Promise::Made(node) = &decision.promise else { return outcome(decision) };
    let victims = decision.preemption.iter().flat_map(|preemption| &preemption.victims);
    let names: Vec<&str> = victims.map(|victim| victim.object.header.name.as_str()).collect();
    format!("{node} without {}", names.join(" "))
}

fn check(cluster: &str, pod: &str, expect: &str) {
    let mut stage = Stage::of(cluster);
    stage.put(pod);
    let decision = stage.next().expect("there is something to decide");
    assert_eq!(told(&decision), expect, "{pod}\non\n{cluster}");
}

#[test]
fn the_least_important_leave_and_no_more_than_needed() {
    let three = "node a cpu=3\npod x cpu=1 on=a priority=1\npod y cpu=1 on=a priority=2\npod z cpu=1 on=a priority=3";
    check(three, "pod p cpu=1 priority=9", "a without x");
    check(three, "pod p cpu=2 priority=9", "a without y x");
    check(three, "pod p cpu=1 priority=3", "a without x");
    let none = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: \
                1 No preemption victims found for incoming pod.";
    check(three, "pod p cpu=1 priority=1", none);
    let not_enough = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: \
                      1 Insufficient cpu.";
    check(three, "pod p cpu=3 priority=3", not_enough);
}

#[test]
fn of_equals_the_youngest_leaves() {
    let two = "node a cpu=2\npod old cpu=1 on=a started=2026-01-01T00:00:00Z\npod new cpu=1 on=a started=2026-01-02T00:00:00Z";
    check(two, "pod p cpu=1 priority=9", "a without new");
}

#[test]
fn the_node_where_it_hurts_least_is_chosen() {
    let by_top = "node a cpu=1\nnode b cpu=1\npod x cpu=1 on=a priority=5\npod y cpu=1 on=b priority=4";
    check(by_top, "pod p cpu=1 priority=9", "b without y");
    let by_sum = "node a cpu=2\nnode b cpu=2\npod x cpu=1 on=a priority=5\npod y cpu=1 on=a priority=5\n\
                  pod z cpu=2 on=b priority=5";
    check(by_sum, "pod p cpu=2 priority=9", "b without z");
}

#[test]
fn budgets_are_kept_where_they_can_be() {
    let kept = r#"node a cpu=1
        node b cpu=1
        pod x cpu=1 on=a label:app=kept priority=1
        pod y cpu=1 on=b priority=2
        budget kept allowed=0 spec {"selector": {"matchLabels": {"app": "kept"}}}"#;
    check(kept, "pod p cpu=1 priority=9", "b without y");
    let only = r#"node a cpu=1
        pod x cpu=1 on=a label:app=kept
        budget kept allowed=0 spec {"selector": {"matchLabels": {"app": "kept"}}}"#;
    check(only, "pod p cpu=1 priority=9", "a without x");
}

#[test]
fn a_port_is_a_reason_too() {
    check("node a\npod x port=80 on=a", "pod p port=80 priority=9", "a without x");
}

/// The whole way: pushed out, waited for, and placed on what was promised, whoever else asks meanwhile.
#[test]
fn a_promised_place_is_kept_for_its_pod() {
    let mut stage = Stage::of("node a cpu=1\npod x cpu=1 on=a\npod p cpu=1 priority=9");
    assert_eq!(told(&stage.next().expect("p")), "a without x");
    stage.pass(400);
    let waits = "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to a terminating pod on \
                 the nominated node.";
    assert_eq!(told(&stage.next().expect("p again")), waits);
    stage.put("pod x cpu=1 on=a leaving");
    stage.put("pod rival cpu=1 priority=5");
    stage.remove("pods", "x");
    stage.pass(10);
    let told: Vec<_> = stage.run();
    let of = |name: &str| told.iter().find(|(pod, _)| pod == name).map(|(_, outcome)| outcome.as_str());
    assert_eq!(of("p"), Some("a"), "{told:?}");
    assert_ne!(of("rival"), Some("a"), "{told:?}");
}

#[test]
fn a_decision_says_what_to_tell_victim_and_pod() {
    let mut stage = Stage::of("node a cpu=1\npod x cpu=1 on=a\npod p cpu=1 priority=9");
    let decision = stage.next().expect("p");
    let victim = decision.preemption.as_ref().expect("somebody leaves").victims[0].clone();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let patch = decision.eviction_patch(&victim, now);
    let condition = &patch.items("status.conditions")[0];
    assert_eq!((condition.str("type"), condition.str("reason")), ("DisruptionTarget", "PreemptionByScheduler"));
    assert_eq!(decision.eviction(&victim).verb(), ("delete", ""));
    let event = decision.eviction_event(&victim, "a");
    assert_eq!(event.message, format!("Preempted by pod {} on node a", decision.pod.uid()));
    let own = decision.status_patch(now).expect("the pod is told");
    assert_eq!(own.str("status.nominatedNodeName"), "a");
}

/// Whatever was tried in thought, the sums are as they were.
#[test]
fn a_trial_leaves_no_trace() {
    let mut stage = Stage::of("node a cpu=3\npod x cpu=1 on=a\npod y cpu=2 on=a priority=9\npod p cpu=9 priority=5");
    let before = stage.scheduler.cluster().node("a").expect("a node").requested.clone();
    stage.next();
    let node = stage.scheduler.cluster().node("a").expect("a node");
    assert_eq!((&node.requested, node.pods.len()), (&before, 2));
}
