//! Which pods come back when, on explicit time.

use crate::stage::{Stage, outcome};
use scheduler::Outcome;

fn names(stage: &mut Stage) -> Vec<String> {
    stage.run().into_iter().map(|(name, _)| name.to_string()).collect()
}

#[test]
fn priority_goes_first_then_age() {
    let mut stage = Stage::of("node a\npod old\npod young\npod urgent priority=7");
    assert_eq!(names(&mut stage), ["urgent", "old", "young"]);
}

/// What wakes a refused pod, and what does not.
#[test]
fn events_wake_those_whom_they_concern() {
    let picky = r#"pod p spec {"nodeSelector": {"disk": "ssd"}}"#;
    let tolerant = r#"pod p spec {"tolerations": [{"key": "k", "operator": "Exists"}]}"#;
    let unlabelled = r#"pod p spec {"schedulingGates": [{"name": "g"}]}"#;
    for (cluster, pod, event, woken) in [
        ("node a", "pod p cpu=5", "node b", false),
        ("node a", "pod p cpu=5", "node b cpu=8", true),
        ("node a", "pod p cpu=5", "node a cpu=8", true),
        ("node a", "pod p cpu=5", "node a label:x=y", false),
        ("node a", "pod p cpu=5", "pod q on=a", false),
        ("node a", "pod p cpu=5", "pod p cpu=3", true),
        ("node a", picky, "node a label:disk=ssd", true),
        ("node a", picky, "node a label:disk=hdd", false),
        ("node a", picky, "node a cpu=99", false),
        ("node a cordoned", "pod p", "node a", true),
        ("node a taint:k=v:NoSchedule", "pod p", "node a", true),
        ("node a taint:k=v:NoSchedule", "pod p", tolerant, true),
        ("node a taint:k=v:NoSchedule", "pod p", "pod p label:x=y", false),
        ("node a\npod q port=80 on=a", "pod p port=80", "pod q port=80 on=a ended", true),
        ("node a\npod q port=81 on=a\npod r port=80 on=a", "pod p port=80", "pod q port=81 on=a ended", false),
        ("node a\npod q cpu=3 on=a", "pod p cpu=3", "pod q cpu=1 on=a", true),
        ("", "pod p", "node a", true),
        ("node a", unlabelled, "pod p", true),
    ] {
        let mut stage = Stage::of(cluster);
        stage.put(pod);
        stage.run();
        stage.pass(1);
        stage.put(event);
        let told = names(&mut stage);
        assert_eq!(told.contains(&"p".to_owned()), woken, "{pod} on {cluster}, then {event}: {told:?}");
    }
}

#[test]
fn who_backs_off_is_tried_early_when_nobody_else_waits() {
    let mut stage = Stage::of("node a\npod p cpu=5 priority=9");
    assert_eq!(names(&mut stage), ["p"]);
    stage.put("node a cpu=6");
    stage.put("pod q cpu=1");
    assert_eq!(stage.run(), [("q".into(), "a".to_owned()), ("p".into(), "a".to_owned())]);
}

#[test]
fn a_gated_pod_is_not_tried() {
    let mut stage = Stage::of("node a");
    stage.put(r#"pod p spec {"schedulingGates": [{"name": "g"}]}"#);
    assert!(stage.next().is_none());
    stage.put("pod p");
    assert_eq!(stage.run()[0].1, "a");
}

#[test]
fn a_refused_pod_is_tried_again_after_five_minutes() {
    let mut stage = Stage::of("node a\npod p cpu=5");
    assert_eq!(names(&mut stage), ["p"]);
    stage.pass(299);
    assert!(names(&mut stage).is_empty());
    stage.pass(1);
    assert_eq!(names(&mut stage), ["p"]);
}

#[test]
fn a_failed_binding_frees_its_place_and_backs_off_longer_each_time() {
    let mut stage = Stage::of("node a cpu=1\npod p cpu=1");
    for wait in [1, 2, 4, 8, 10, 10] {
        let decision = stage.next().expect("its time has come");
        assert_eq!(outcome(&decision), "a");
        stage.fail(&decision);
        stage.pass(wait);
        assert!(stage.next().is_none(), "{wait} seconds are not over");
        stage.pass(1);
    }
    stage.put("pod q cpu=1");
    assert_eq!(names(&mut stage), ["p", "q"], "the place of p is its own again");
}

#[test]
fn a_place_that_a_failed_binding_frees_is_offered_to_others() {
    let mut stage = Stage::of("node a cpu=1\npod p cpu=1\npod q cpu=1");
    let placed = stage.next().unwrap();
    assert_eq!(names(&mut stage), ["q"], "it is refused");
    stage.pass(1);
    stage.fail(&placed);
    assert_eq!(stage.run(), [("q".into(), "a".to_owned())]);
}

#[test]
fn an_assumed_pod_holds_its_place_until_it_is_seen_or_gone() {
    let mut stage = Stage::of("node a cpu=1\npod p cpu=1\npod q cpu=1");
    let told = stage.run();
    assert_eq!(told[0].1, "a");
    assert!(told[1].1.contains("1 Insufficient cpu"), "{told:?}");
    stage.put("pod p cpu=1 label:changed=yes");
    assert!(names(&mut stage).is_empty(), "a change of it before its binding shows is no new pod");
    stage.put("pod p cpu=1 on=a");
    assert!(!stage.scheduler.cluster().is_assumed("uid-2"));
    stage.remove("pods", "p");
    assert_eq!(stage.run(), [("q".into(), "a".to_owned())]);
}

#[test]
fn a_pod_that_is_deleted_is_not_placed() {
    let mut stage = Stage::of("node a\npod p leaving");
    let decision = stage.next().unwrap();
    assert_eq!(decision.outcome, Outcome::Leaving);
    assert_eq!(decision.plan().report.events[0].message, "skip schedule deleting pod: default/p");
}

#[test]
fn pods_of_other_schedulers_are_left_alone() {
    let mut stage = Stage::of(
        r#"node a
        pod p spec {"schedulerName": "mine"}"#,
    );
    assert!(stage.next().is_none());
}

#[test]
fn a_decision_tells_itself() {
    let mut stage = Stage::of("node a\npod p\npod q cpu=9");
    let placed = stage.next().unwrap();
    let plan = placed.plan();
    assert_eq!(plan.report.events[0].message, "Successfully assigned default/p to a");
    assert_eq!(plan.actions[0].verb(), ("create", "binding"));
    let refused = stage.next().unwrap();
    let patch = refused.status_patch(jiff::Timestamp::UNIX_EPOCH).unwrap();
    let condition = &patch.items("status.conditions")[0];
    assert_eq!((condition.str("reason"), condition.str("message")), ("Unschedulable", outcome(&refused).as_str()));
    assert_eq!(condition.str("lastTransitionTime"), "1970-01-01T00:00:00Z");
}
