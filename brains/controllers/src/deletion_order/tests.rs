use super::*;
use meta::Value;
use proptest::prelude::*;

/// `name node phase ready-since created cost restarts`, with `-` for what is absent.
fn pod(text: &str) -> Arc<Pod> {
    let words: Vec<&str> = text.split(' ').collect();
    let [name, node, phase, ready, created, cost, restarts] = words[..] else { panic!("{text}") };
    let time = |minute: &str| format!("2026-01-01T00:{minute}:00Z");
    let mut pod = meta::value!({"metadata": {"name": name, "uid": name}, "status": {"phase": phase}});
    if node != "-" {
        pod.set("spec.nodeName", node);
        pod.set("spec.containers", Value::List(Vec::new()));
    }
    if ready != "-" {
        let condition = meta::value!({"type": "Ready", "status": "True", "lastTransitionTime": (time(ready))});
        pod.set("status.conditions", Value::List(vec![condition]));
    }
    pod.set("metadata.creationTimestamp", time(created));
    if cost != "-" {
        pod.at_mut("metadata").unwrap().entry("annotations").entry(DELETION_COST);
        *pod.at_mut("metadata.annotations").unwrap().entry(DELETION_COST) = cost.into();
    }
    if restarts != "-" {
        let status = meta::value!({"name": "c", "image": "i", "imageID": "", "ready": true});
        let mut status = status;
        status.set("restartCount", restarts.parse::<i64>().unwrap());
        pod.set("status.containerStatuses", Value::List(vec![status]));
    }
    pod.set("apiVersion", "v1");
    pod.set("kind", "Pod");
    Arc::new(pod.decode().unwrap())
}

#[test]
fn pods_go_in_upstreams_order() {
    let now: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    let cases: &[(&str, [&str; 2], &str)] = &[
        ("unassigned", ["a n Pending - 00 - -", "b - Pending - 00 - -"], "b"),
        ("pending", ["a n Running - 00 - -", "b n Pending - 00 - -"], "b"),
        ("not ready", ["a n Running 10 00 - -", "b n Running - 00 - -"], "b"),
        ("cheaper", ["a n Running 10 00 5 -", "b n Running 10 00 -5 -"], "b"),
        ("ready for less", ["a n Running 10 00 - -", "b n Running 58 00 - -"], "b"),
        ("about as long: by uid", ["b n Running 10 00 - -", "a n Running 11 00 - -"], "a"),
        ("more restarts", ["a n Running 10 00 - 1", "b n Running 10 00 - 2"], "b"),
        ("younger", ["a n Running 10 00 - -", "b n Running 10 57 - -"], "b"),
    ];
    for (what, both, expected) in cases {
        let pods: Vec<Arc<Pod>> = both.iter().map(|text| pod(text)).collect();
        let gone = first(pods.clone(), &pods, 1, now);
        assert_eq!(pods::name(&gone[0]), *expected, "{what}");
    }
}

#[test]
fn of_several_on_one_node_one_goes_first() {
    let now: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    let pods: Vec<Arc<Pod>> = ["a x Running 10 00 - -", "b y Running 10 00 - -"].iter().map(|text| pod(text)).collect();
    let mut related = pods.clone();
    related.push(pod("c y Running 10 00 - -"));
    assert_eq!(pods::name(&first(pods, &related, 1, now)[0]), "b");
}

/// Pods as a busy minute leaves them: ready at one time or another, some restarted.
fn crowd() -> impl Strategy<Value = Vec<String>> {
    let age = prop_oneof![Just("-".to_string()), (0..4u8).prop_map(|minute| format!("1{minute}"))];
    let one = (age, 0..3u8, 0..3u8).prop_map(|(ready, created, restarts)| (ready, created, restarts));
    let named = |all: Vec<(String, u8, u8)>| {
        let text = |(i, (ready, created, restarts)): (usize, (String, u8, u8))| {
            format!("{:02} n Running {ready} 0{created} - {restarts}", i * 37 % 60)
        };
        all.into_iter().enumerate().map(text).collect()
    };
    proptest::collection::vec(one, 2..60).prop_map(named)
}

proptest! {
    /// Whatever order they come in, the same ones go, and fewer are the first of more.
    #[test]
    fn the_order_is_one(texts in crowd(), turn in 0..60usize) {
        let now: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
        let pods: Vec<Arc<Pod>> = texts.iter().map(|text| pod(text)).collect();
        let mut turned = pods.clone();
        turned.rotate_left(turn % pods.len());
        let names = |gone: Vec<Arc<Pod>>| gone.iter().map(|pod| pods::name(pod).to_string()).collect::<Vec<_>>();
        let all = pods.len() - 1;
        let gone = names(first(pods.clone(), &pods, all, now));
        prop_assert_eq!(&gone, &names(first(turned, &pods, all, now)));
        prop_assert_eq!(&gone[..all / 2], &names(first(pods.clone(), &pods, all / 2, now))[..]);
    }
}
