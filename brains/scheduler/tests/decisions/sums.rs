//! What is kept up with every change equals what is counted anew.

use crate::stage::Stage;
use proptest::prelude::*;
use scheduler::{Cluster, Domains, Namespaces, NodeInfo, Question, Resources};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug)]
enum Step {
    PutNode(usize, &'static str),
    RemoveNode(usize),
    PutPod(usize, usize, &'static str),
    RemovePod(usize),
    Decide(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec![
        "",
        "label:topology.kubernetes.io/zone=x",
        "label:topology.kubernetes.io/zone=y cpu=2",
        "image=i:latest",
    ]);
    let pods = prop::sample::select(vec![
        "cpu=1",
        "memory=1Gi label:app=web",
        "cpu=500m port=80",
        "example.com/gpu=1 label:app=web leaving",
        "label:app=web ended",
    ]);
    prop_oneof![
        2 => (0..4usize, words).prop_map(|(nth, words)| Step::PutNode(nth, words)),
        1 => (0..4usize).prop_map(Step::RemoveNode),
        // Of nodes 0 to 3, or of none.
        6 => (0..12usize, 0..5usize, pods).prop_map(|(nth, node, words)| Step::PutPod(nth, node, words)),
        2 => (0..12usize).prop_map(Step::RemovePod),
        3 => any::<bool>().prop_map(Step::Decide),
    ]
}

/// Does a step where it can be done, as a server would have it: what is bound stays bound to its node.
fn take(stage: &mut Stage, known: &mut (BTreeSet<usize>, Vec<Option<usize>>), step: Step) {
    let (nodes, pods) = known;
    match step {
        Step::PutNode(nth, words) => {
            nodes.insert(nth);
            stage.put(&format!("node n{nth} {words}"));
        }
        Step::RemoveNode(nth) if nodes.remove(&nth) => stage.remove("nodes", &format!("n{nth}")),
        Step::PutPod(nth, node, words) => {
            let node = pods[nth].filter(|bound| *bound < 4).unwrap_or(node);
            pods[nth] = Some(node);
            let on = if node < 4 { format!("on=n{node}") } else { String::new() };
            stage.put(&format!("pod p{nth} {words} {on}"));
        }
        Step::RemovePod(nth) if pods[nth].take().is_some() => stage.remove("pods", &format!("p{nth}")),
        Step::Decide(fails) => {
            if let Some(decision) = stage.next().filter(|_| fails) {
                stage.fail(&decision);
            }
        }
        Step::RemoveNode(_) | Step::RemovePod(_) => {}
    }
}

fn check_node(node: &NodeInfo) {
    let (mut requested, mut scored, mut ports) = (Resources::default(), Resources::default(), 0);
    for pod in &node.pods {
        requested.add(&pod.requests);
        scored.add(&pod.scored);
        ports += pod.host_ports.len();
    }
    assert_eq!((&node.requested, &node.scored, node.host_ports.len()), (&requested, &scored, ports));
}

fn web() -> Question {
    let selector = meta::selector::LabelSelector::parse("app=web").unwrap();
    Question::new(vec![(Namespaces::Of(BTreeSet::from(["default".into()])), selector)], false)
}

fn sums(cluster: &Cluster, topology: &str, of: impl Fn(&NodeInfo) -> i64) -> Domains {
    let mut sums = Domains::new();
    for node in cluster.nodes() {
        if let (Some(value), some @ 1..) = (node.facts.label(topology), of(node)) {
            *sums.entry(value.clone()).or_default() += some;
        }
    }
    sums
}

proptest! {
    #[test]
    fn sums_are_right_after_any_changes(steps in prop::collection::vec(step(), 0..60)) {
        let mut stage = Stage::of(r#"service s spec {"selector": {"app": "web"}}
            node n9
            pod asks label:app=web"#);
        stage.run();
        let mut known = (BTreeSet::new(), vec![None; 12]);
        for step in steps {
            take(&mut stage, &mut known, step);
            let cluster = stage.scheduler.cluster();
            cluster.nodes().iter().for_each(check_node);
            let count = cluster.count(&web()).expect("it was asked for");
            for node in cluster.nodes() {
                let here = node.pods.iter().filter(|pod| web().means(pod)).count() as i64;
                prop_assert_eq!(count.on(node.name()), here);
            }
            for topology in ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] {
                prop_assert_eq!(count.domains(topology), Some(&sums(cluster, topology, |node| count.on(node.name()))));
                prop_assert_eq!(cluster.domains(topology), Some(&sums(cluster, topology, |_| 1)));
            }
        }
    }
}
