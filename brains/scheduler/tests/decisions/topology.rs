//! Filters and scores that look at other pods across nodes.

use crate::stage::{Stage, check};

const ZONES: &str = "node a1 label:zone=a\nnode a2 label:zone=a\nnode b1 label:zone=b";

fn spread(key: &str, more: &str) -> String {
    format!(
        r#"pod p label:app=web spec {{"topologySpreadConstraints": [{{"maxSkew": 1, "topologyKey": "{key}",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {{"matchLabels": {{"app": "web"}}}}{more}}}]}}"#
    )
    .replace('\n', " ")
}

#[test]
fn hard_spreading() {
    let skewed = |nodes: usize, others: &str| {
        format!(
            "0/{nodes} nodes are available: {others}. preemption: 0/{nodes} nodes are available: {nodes} No \
             preemption victims found for incoming pod."
        )
    };
    let one_in_a = format!("{ZONES}\npod q label:app=web on=a1");
    check(&one_in_a, &spread("zone", ""), "b1");
    check(&format!("{one_in_a}\npod r label:app=web leaving on=b1"), &spread("zone", ""), "b1");
    check(
        &format!("{one_in_a}\npod r label:app=db on=b1\npod s label:app=web namespace=x on=b1"),
        &spread("zone", ""),
        "b1",
    );
    let only_a = "node a1 label:zone=a\npod q label:app=web on=a1";
    check(only_a, &spread("zone", ""), "a1");
    let message = skewed(1, "1 node(s) didn't match pod topology spread constraints");
    check(only_a, &spread("zone", r#", "minDomains": 2"#), &message);
    let unlabelled = "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing \
                      required label). preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    check("node c", &spread("zone", ""), unlabelled);
}

#[test]
fn nodes_that_a_pod_may_not_use_do_not_count() {
    let picky = spread("zone", "").replace(r#""topologySpread"#, r#""nodeSelector": {"zone": "a"}, "topologySpread"#);
    check(&format!("{ZONES}\npod q label:app=web on=a1"), &picky, "a2");
    let tainted = ZONES.replace("b1", "b1 taint:k=v:NoSchedule");
    let honors = spread("zone", r#", "nodeTaintsPolicy": "Honor""#);
    check(&format!("{tainted}\npod q label:app=web on=a1"), &honors, "a2");
}

#[test]
fn pods_of_a_workload_spread_by_default() {
    let cluster = r#"node a
        node b
        replicaset r spec {"selector": {"matchLabels": {"app": "web"}}}
        pod q cpu=1 label:app=web owner=r on=a
        pod x cpu=1 on=b
        pod y cpu=1 on=b"#;
    check(cluster, "pod p cpu=100m label:app=web owner=r", "b");
    check(cluster, "pod p cpu=100m label:app=web", "a");
    let service = r#"service s spec {"selector": {"app": "web"}}"#;
    check(&format!("{cluster}\n{service}"), "pod p cpu=100m label:app=web", "b");
    let other = r#"service s spec {"selector": {"app": "web", "tier": "front"}}"#;
    check(&format!("{cluster}\n{service}\n{other}"), "pod p cpu=100m label:app=web", "a");
}

fn affinity(sort: &str, terms: &str) -> String {
    format!(r#"spec {{"affinity": {{"{sort}": {{"requiredDuringSchedulingIgnoredDuringExecution": [{terms}]}}}}}}"#)
}

fn term(app: &str, key: &str) -> String {
    format!(r#"{{"labelSelector": {{"matchLabels": {{"app": "{app}"}}}}, "topologyKey": "{key}"}}"#)
}

#[test]
fn affinity_to_pods() {
    let near = format!("pod p {}", affinity("podAffinity", &term("db", "zone")));
    check(&format!("{ZONES}\npod q label:app=db on=b1"), &near, "b1");
    let alone = "0/3 nodes are available: 3 node(s) didn't match pod affinity rules. preemption: 0/3 nodes are \
                 available: 3 Preemption is not helpful for scheduling.";
    check(ZONES, &near, alone);
    check(&format!("{ZONES}\npod q label:app=db namespace=x on=b1"), &near, alone);
    let first_of_its_kind = near.replace("pod p", "pod p label:app=db");
    check("node a1 label:zone=a", &first_of_its_kind, "a1");
    let both = format!(
        "pod p {}",
        affinity("podAffinity", &format!("{}, {}", term("db", "zone"), term("db", "kubernetes.io/hostname")))
    );
    check(&format!("{ZONES}\npod q label:app=db on=a2"), &both, "a2");
}

#[test]
fn affinity_across_namespaces() {
    let named = term("db", "zone")
        .replace(r#""topologyKey""#, r#""namespaceSelector": {"matchLabels": {"team": "t"}}, "topologyKey""#);
    let cluster = format!("{ZONES}\nnamespace x label:team=t\npod q label:app=db namespace=x on=b1");
    check(&cluster, &format!("pod p {}", affinity("podAffinity", &named)), "b1");
}

#[test]
fn affinity_against_pods() {
    let message = |reason: &str| {
        format!(
            "0/1 nodes are available: 1 {reason}. preemption: 0/1 nodes are available: 1 No preemption victims found \
             for incoming pod."
        )
    };
    let far = affinity("podAntiAffinity", &term("db", "zone"));
    check(&format!("{ZONES}\npod q label:app=db on=a1"), &format!("pod p {far}"), "b1");
    let one = "node a1 label:zone=a";
    let shunned = message("node(s) didn't match pod anti-affinity rules");
    check(&format!("{one}\npod q label:app=db on=a1"), &format!("pod p {far}"), &shunned);
    let shunning = message("node(s) didn't satisfy existing pods anti-affinity rules");
    check(
        &format!("{one}\npod q on=a1 {}", far.replace("spec {", r#"spec {"nodeName": "a1", "#)),
        "pod p label:app=db",
        &shunning,
    );
}

#[test]
fn preferred_affinity() {
    let prefer = |sort: &str| {
        format!(
            r#"pod p spec {{"affinity": {{"{sort}": {{"preferredDuringSchedulingIgnoredDuringExecution": [{{"weight": 100, "podAffinityTerm": {}}}]}}}}}}"#,
            term("db", "zone")
        )
    };
    let cluster = format!("{ZONES}\npod q label:app=db on=b1");
    check(&cluster, &prefer("podAffinity"), "b1");
    check(&format!("{ZONES}\npod q label:app=db on=a1"), &prefer("podAntiAffinity"), "b1");
}

#[test]
fn a_workload_fills_zones_evenly() {
    let mut stage = Stage::of("node a1 label:zone=a\nnode a2 label:zone=a\nnode b1 label:zone=b\nnode b2 label:zone=b");
    for nth in 0..8 {
        stage.put(&spread("zone", "").replace("pod p", &format!("pod p{nth}")));
    }
    let told = stage.run();
    let in_a = told.iter().filter(|(_, node)| node.starts_with('a')).count();
    assert_eq!((told.len(), in_a), (8, 4), "{told:?}");
}
