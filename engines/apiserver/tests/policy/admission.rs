use crate::world::{World, admin, core, pod, refusal};
use meta::{Gvr, value};

#[tokio::test(start_paused = true)]
async fn a_pod_gets_account_token_tolerations_and_priority() {
    let world = World::start().await;
    world.account("default").await;
    let made = world.pod("p", value!({"priorityClassName": "system-node-critical"})).await;
    assert_eq!(made.str("spec.serviceAccountName"), "default");
    assert_eq!(made.int("spec.priority"), 2_000_001_000);
    assert_eq!(made.items("spec.tolerations").len(), 2);
    let volume = &made.items("spec.volumes")[0];
    assert!(volume.str("name").starts_with("kube-api-access-"), "{volume:?}");
    assert_eq!(volume.items("projected.sources").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn pods_are_refused_for_what_does_not_exist() {
    let world = World::start().await;
    let no_account = "pods \"p\" is forbidden: error looking up service account default/default: serviceaccount \"default\" not found";
    let create = || world.create(admin(), core("pods"), "default", pod("p", value!({})));
    assert_eq!(refusal(create().await), no_account);
    world.account("default").await;
    for (spec, expect) in [
        (
            value!({"serviceAccountName": "x"}),
            "pods \"p\" is forbidden: error looking up service account default/x: serviceaccount \"x\" not found",
        ),
        (value!({"priorityClassName": "x"}), "pods \"p\" is forbidden: no PriorityClass with name x was found"),
    ] {
        let answer = world.create(admin(), core("pods"), "default", pod("p", spec)).await;
        assert_eq!(refusal(answer), expect);
    }
}

#[tokio::test(start_paused = true)]
async fn limit_ranges_give_and_forbid() {
    let world = World::start().await;
    world.account("default").await;
    let range = value!({"metadata": {"name": "l"}, "spec": {"limits": [
        {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}},
    ]}});
    world.given(core("limitranges"), "default", range).await;
    let made = world.pod("p", value!({})).await;
    let resources = value!({"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}});
    assert_eq!(made.items("spec.containers")[0].get("resources"), &resources);
    let greedy = value!({"containers": [{"name": "a", "image": "a", "resources": {"limits": {"cpu": "2"}}}]});
    let answer = world.create(admin(), core("pods"), "default", pod("q", greedy)).await;
    assert_eq!(refusal(answer), "pods \"q\" is forbidden: maximum cpu usage per Container is 1, but limit is 2");
}

#[tokio::test(start_paused = true)]
async fn one_priority_is_the_default() {
    let world = World::start().await;
    let classes = || Gvr::new("scheduling.k8s.io", "v1", "priorityclasses");
    let class = |name: &str| value!({"metadata": {"name": name}, "value": 7i64, "globalDefault": true});
    world.given(classes(), "", class("a")).await;
    let answer = world.create(admin(), classes(), "", class("b")).await;
    let expect = "priorityclasses.scheduling.k8s.io \"b\" is forbidden: PriorityClass a is already marked as default. Only one default can exist";
    assert_eq!(refusal(answer), expect);
    world.account("default").await;
    assert_eq!(world.pod("p", value!({})).await.str("spec.priorityClassName"), "a");
}
