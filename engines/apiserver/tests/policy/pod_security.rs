use crate::world::{World, admin, core, pod, refusal};
use meta::value;

/// A namespace that enforces this, where pods have an account.
async fn world(level: &str) -> World {
    let world = World::start().await;
    let labels = value!({"pod-security.kubernetes.io/enforce": level});
    world.given(core("namespaces"), "", value!({"metadata": {"name": "n", "labels": labels}})).await;
    world.given(core("serviceaccounts"), "n", value!({"metadata": {"name": "default"}})).await;
    world
}

#[tokio::test(start_paused = true)]
async fn pods_that_break_the_level_are_refused() {
    let world = world("baseline").await;
    let answer = world.create(admin(), core("pods"), "n", pod("p", value!({"hostPID": true}))).await;
    let expect = "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    assert_eq!(refusal(answer), expect);
    world.given(core("pods"), "n", pod("p", value!({}))).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_made_up_is_told() {
    let world = world("baseline").await;
    let mut pod = pod("p", value!({"hostPID": true}));
    pod.remove("metadata.name");
    pod.set("metadata.generateName", "p-");
    let message = refusal(world.create(admin(), core("pods"), "n", pod).await);
    let name = message.strip_prefix("pods \"p-").and_then(|rest| rest.split_once("\" is forbidden: violates"));
    assert_eq!(name.expect("the message has the name").0.len(), 5, "{message}");
}

#[tokio::test(start_paused = true)]
async fn other_namespaces_are_free() {
    let world = world("restricted").await;
    world.account("default").await;
    world.pod("p", value!({"hostPID": true})).await;
}

#[tokio::test(start_paused = true)]
async fn labels_name_levels() {
    let world = World::start().await;
    let labels = value!({"pod-security.kubernetes.io/enforce": "strict"});
    let namespace = value!({"metadata": {"name": "n", "labels": labels}});
    let answer = world.create(admin(), core("namespaces"), "", namespace).await;
    let expect = "Namespace \"n\" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted";
    assert_eq!(refusal(answer), expect);
}
