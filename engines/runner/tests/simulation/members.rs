//! A StatefulSet makes its members in order, gives each its claim, and replaces all when its template changes.

use crate::world::{World, pods, resource};
use meta::{Key, Value, value};
use std::collections::BTreeSet;

fn stateful_set(management: &str) -> Value {
    value!({
        "metadata": {"name": "db"},
        "spec": {
            "replicas": 3_i64,
            "serviceName": "db",
            "podManagementPolicy": management,
            "selector": {"matchLabels": {"app": "db"}},
            "updateStrategy": {"type": "RollingUpdate"},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}],
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{"name": "c", "image": "db:0"}]}
            }
        }
    })
}

fn names(world: &World, what: &meta::Gvr) -> BTreeSet<String> {
    world.in_namespace(what, "shop").iter().map(|object| object.header.name.to_string()).collect()
}

fn set_of<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(String::from).into()
}

/// Those that came first are there whenever a later one is, unless they are being replaced.
fn check_order(world: &World, seed: u64) {
    let there = names(world, &pods());
    let later = there.contains("db-2") && !there.contains("db-0") && !there.contains("db-1");
    assert!(!later, "seed {seed}: {there:?}");
}

#[tokio::test(start_paused = true)]
async fn members_come_in_order_and_are_all_replaced() {
    for seed in 0..4 {
        for management in ["OrderedReady", "Parallel"] {
            let mut world = World::begin(seed).await;
            let (sets, key) = (resource("apps", "statefulsets"), Key::new("shop", "db"));
            world.create(&sets, "shop", &stateful_set(management));
            for image in ["db:0", "db:1", "db:2"] {
                world.change(&sets, &key, |set| {
                    set.set("spec.template.spec", value!({"containers": [{"name": "c", "image": image}]}));
                });
                for _ in 0..30 {
                    world.suffer(1).await;
                    if management == "OrderedReady" {
                        check_order(&world, seed);
                    }
                }
            }
            world.calm().await;
            assert_eq!(names(&world, &pods()), set_of(["db-0", "db-1", "db-2"]), "seed {seed} {management}");
            let all = world.in_namespace(&pods(), "shop");
            let image = |pod: &meta::Object| pod.value().items("spec.containers")[0].str("image").to_owned();
            assert!(all.iter().all(|pod| image(pod) == "db:2"), "seed {seed} {management}");
            let claims = resource("", "persistentvolumeclaims");
            assert_eq!(names(&world, &claims), set_of(["data-db-0", "data-db-1", "data-db-2"]), "seed {seed}");
            let found = world.api.get(&sets, &key).unwrap().decode_value();
            assert_eq!(found.str("status.currentRevision"), found.str("status.updateRevision"), "seed {seed}");

            world.change(&sets, &key, |set| set.set("spec.replicas", 1_i64));
            world.suffer(20).await;
            world.calm().await;
            assert_eq!(names(&world, &pods()), set_of(["db-0"]), "seed {seed} {management}");
        }
    }
}
