//! Deployments, their sets, their pods and the slices of their Service.

use crate::world::{World, pods, resource};
use client::DeleteOptions;
use meta::{Gvr, Key, Value, value};
use plan::Propagation;
use std::collections::BTreeSet;
use std::time::Duration;

const REPLICAS: i64 = 5;
/// With a surge of 2 there are never more pods that are not ending.
const MOST: usize = 7;

pub fn deployments() -> Gvr {
    resource("apps", "deployments")
}

fn web() -> Key {
    Key::new("shop", "web")
}

pub fn deployment() -> Value {
    value!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2_i64, "maxUnavailable": 1_i64}},
            "revisionHistoryLimit": 1_i64,
            "progressDeadlineSeconds": 600_i64,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "web:0"}]}
            }
        }
    })
}

fn service() -> Value {
    value!({"metadata": {"name": "web"}, "spec": {
        "clusterIP": "10.0.0.1", "ipFamilies": ["IPv4"], "selector": {"app": "web"}, "ports": [{"port": 80_i64}]}})
}

pub fn living(world: &World) -> Vec<Value> {
    let all = world.in_namespace(&pods(), "shop");
    all.iter().filter(|pod| pod.header.deletion_timestamp.is_none()).map(|pod| pod.decode_value()).collect()
}

/// Watches that there never are too many pods, for so long.
async fn count(world: &mut World, seconds: u64, most: usize, seed: u64) {
    let look = |world: &World| {
        let count = living(world).len();
        assert!(count <= most, "seed {seed}: {count} pods; {:#?}", sets(world));
    };
    world.suffer_watched(seconds, look).await;
}

/// What each set wants and says, in words for who looks into a failure.
fn sets(world: &World) -> Vec<String> {
    let told = |set: std::sync::Arc<meta::Object>| {
        let (name, value) = (set.header.name.to_string(), set.decode_value());
        let (wants, says) = (value.int("spec.replicas"), value.int("status.replicas"));
        let (generation, seen) = (value.int("metadata.generation"), value.int("status.observedGeneration"));
        format!("{name} wants {wants}, says {says}, generation {generation}, looked at {seen}")
    };
    world.in_namespace(&resource("apps", "replicasets"), "shop").into_iter().map(told).collect()
}

fn addresses(objects: &[Value], of: impl Fn(&Value) -> Vec<String>) -> BTreeSet<String> {
    objects.iter().flat_map(of).collect()
}

fn check(world: &World, seed: u64, image: &str) {
    let pods = living(world);
    assert_eq!(pods.len() as i64, REPLICAS, "seed {seed}");
    let first = |pod: &Value| pod.items("spec.containers")[0].str("image").to_owned();
    assert!(pods.iter().all(|pod| first(pod) == image), "seed {seed}");
    let found = world.api.get(&deployments(), &web()).unwrap().decode_value();
    assert_eq!((found.int("status.updatedReplicas"), found.int("status.availableReplicas")), (5, 5), "seed {seed}");
    let sets = world.in_namespace(&resource("apps", "replicasets"), "shop");
    assert_eq!(sets.len(), 2, "seed {seed}: one old set is kept");
    let slices = world.in_namespace(&resource("discovery.k8s.io", "endpointslices"), "shop");
    let slices: Vec<Value> = slices.iter().map(|slice| slice.decode_value()).collect();
    let told = addresses(&slices, |slice| {
        slice
            .items("endpoints")
            .iter()
            .map(|endpoint| endpoint.items("addresses")[0].as_str().unwrap().into())
            .collect()
    });
    assert_eq!(told, addresses(&pods, |pod| vec![pod.str("status.podIP").into()]), "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_ends_well_and_never_overshoots() {
    let (from, to) = seeds(0..8);
    for seed in from..to {
        rollout(seed).await;
    }
}

/// Others by `SEEDS=100-400`.
fn seeds(usual: std::ops::Range<u64>) -> (u64, u64) {
    let asked = std::env::var("SEEDS").ok();
    let range = asked.as_deref().and_then(|asked| asked.split_once('-'));
    let parsed = range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed.unwrap_or((usual.start, usual.end))
}

async fn rollout(seed: u64) {
    let mut world = World::begin(seed).await;
    world.create(&resource("", "services"), "shop", &service());
    world.create(&deployments(), "shop", &deployment());
    count(&mut world, 20, MOST, seed).await;
    for image in ["web:1", "web:2"] {
        world.change(&deployments(), &web(), |deployment| {
            let template = value!({"containers": [{"name": "c", "image": image}]});
            deployment.set("spec.template.spec", template);
        });
        count(&mut world, 20, MOST, seed).await;
    }
    world.calm().await;
    check(&world, seed, "web:2");

    world.delete(
        &deployments(),
        &web(),
        DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() },
    );
    world.suffer(10).await;
    world.calm().await;
    for gone in [deployments(), resource("apps", "replicasets"), pods()] {
        assert_eq!(world.in_namespace(&gone, "shop").len(), 0, "seed {seed}: {}", gone.resource);
    }
}

#[tokio::test(start_paused = true)]
async fn a_calm_world_does_nothing() {
    let mut world = World::begin(1).await;
    world.create(&deployments(), "shop", &deployment());
    world.calm().await;
    let versions = world.versions();
    world.restart();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.versions(), versions, "nothing is written when nothing happens, not even after a restart");
}

/// A run of its own, with what it came to.
fn outcome(seed: u64) -> (u64, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::begin(seed).await;
        world.create(&deployments(), "shop", &deployment());
        world.suffer(30).await;
        let names = world.api.all(&pods()).iter().map(|pod| pod.key().to_string()).collect();
        (world.api.revision(), names)
    })
}

#[test]
fn a_seed_replays() {
    for seed in 0..5 {
        assert_eq!(outcome(seed), outcome(seed), "seed {seed}");
    }
}
