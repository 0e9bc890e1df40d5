//! Filters and scores that look at one node at a time.

use crate::stage::check;

const TWO: &str = "node a\nnode b";

#[test]
fn no_nodes() {
    check("", "pod p", "no nodes available to schedule pods");
}

#[test]
fn resources() {
    let full = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: \
                2 Preemption is not helpful for scheduling.";
    check(TWO, "pod p cpu=5", full);
    let used = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: \
                1 No preemption victims found for incoming pod.";
    check("node a\npod q cpu=3 on=a", "pod p cpu=2", used);
    check("node a\npod q cpu=3 on=a", "pod p cpu=2 priority=5", "0/1 nodes are available: 1 Insufficient cpu.");
    check("node a\npod q cpu=3 on=a", "pod p cpu=1", "a");
    check("node a\npod q cpu=3 on=a ended", "pod p cpu=4", "a");
    let both = "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. preemption: 0/1 nodes are \
                available: 1 Preemption is not helpful for scheduling.";
    check("node a", "pod p cpu=5 memory=9Gi", both);
    let gpu = "0/2 nodes are available: 1 Insufficient example.com/gpu, 1 Too many pods. preemption: 0/2 nodes are \
               available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.";
    check("node a\nnode b example.com/gpu=4 pods=1\npod q on=b", "pod p example.com/gpu=1", gpu);
}

#[test]
fn the_emptier_node_is_better() {
    check("node a\nnode b\npod q cpu=2 memory=4Gi on=a", "pod p cpu=1 memory=1Gi", "b");
    check("node a\nnode b\npod q on=a", "pod p", "b");
}

#[test]
fn cpu_and_memory_in_balance_are_better() {
    // Both are half full on average; what p asks evens out what a has.
    check(
        "node a cpu=10 memory=10Gi\nnode b cpu=10 memory=10Gi\npod q cpu=1 memory=5Gi on=a\npod r cpu=5 memory=1Gi on=b",
        "pod p cpu=4 memory=100Mi",
        "a",
    );
}

#[test]
fn taints() {
    let tainted = "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. \
                   preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    let cluster = "node a taint:k=v:NoSchedule\nnode b cordoned";
    check(cluster, "pod p", tainted);
    check(cluster, r#"pod p spec {"tolerations": [{"key": "k", "operator": "Exists"}]}"#, "a");
    let cordoned = r#"pod p spec {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]}"#;
    check(cluster, cordoned, "b");
    check("node a taint:k=v:PreferNoSchedule\nnode b\npod q cpu=1 on=b", "pod p", "b");
}

#[test]
fn node_selectors_and_affinity() {
    let unmatched = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 \
                     nodes are available: 2 Preemption is not helpful for scheduling.";
    let cluster = "node a label:zone=x label:size=3\nnode b label:zone=y label:size=7";
    let required = |term: &str| {
        format!(
            r#"pod p spec {{"affinity": {{"nodeAffinity": {{"requiredDuringSchedulingIgnoredDuringExecution": {{"nodeSelectorTerms": [{term}]}}}}}}}}"#
        )
    };
    for (pod, expect) in [
        (r#"pod p spec {"nodeSelector": {"zone": "y"}}"#.to_owned(), "b"),
        (r#"pod p spec {"nodeSelector": {"zone": "z"}}"#.to_owned(), unmatched),
        (required(r#"{"matchExpressions": [{"key": "size", "operator": "Gt", "values": ["5"]}]}"#), "b"),
        (required(r#"{"matchExpressions": [{"key": "size", "operator": "Lt", "values": ["5"]}]}"#), "a"),
        (required(r#"{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["x"]}]}"#), "b"),
        (required(r#"{}, {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["x"]}]}"#), "a"),
        (required("{}"), unmatched),
        (required(r#"{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}"#), "b"),
        (
            required(r#"{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["c"]}]}"#),
            "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/2 nodes are \
             available: 2 Preemption is not helpful for scheduling.",
        ),
    ] {
        check(cluster, &pod, expect);
    }
    let preferred = r#"pod p spec {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
        [{"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["y"]}]}}]}}}"#
        .replace('\n', " ");
    check(&format!("{cluster}\npod q cpu=2 memory=2Gi on=b"), &preferred, "b");
}

#[test]
fn host_ports() {
    let taken = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. preemption: \
                 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    check("node a\npod q port=80 on=a", "pod p port=80", taken);
    check("node a\npod q port=80 on=a", "pod p port=81", "a");
    check("node a\nnode b\npod q port=80 on=a", "pod p port=80", "b");
}

#[test]
fn images() {
    check("node a\nnode b image=large:1", "pod p image=large:1", "b");
    check("node a\nnode b image=large:latest", "pod p image=large", "b");
}

#[test]
fn who_may_not_preempt_says_so() {
    let never = "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.";
    check("node a", r#"pod p cpu=5 spec {"preemptionPolicy": "Never"}"#, never);
}

#[test]
fn containers_that_run_before_others_count_at_their_peak() {
    let with = |init: &str| format!(r#"pod p cpu=1 spec {{"initContainers": [{init}]}}"#);
    let container = |cpu: u8, always: bool| {
        let policy = if always { r#", "restartPolicy": "Always""# } else { "" };
        format!(r#"{{"name": "i{cpu}", "resources": {{"requests": {{"cpu": "{cpu}"}}}}{policy}}}"#)
    };
    let too_much = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: \
                    1 Preemption is not helpful for scheduling.";
    check("node a", &with(&container(4, false)), "a");
    check("node a", &with(&container(3, true)), "a");
    check("node a", &with(&container(4, true)), too_much);
    check("node a", &with(&format!("{}, {}", container(2, true), container(3, false))), too_much);
    check("node a", r#"pod p cpu=5 spec {"resources": {"requests": {"cpu": "2"}}}"#, "a");
    check("node a", r#"pod p cpu=4 spec {"overhead": {"cpu": "1m"}}"#, too_much);
}
