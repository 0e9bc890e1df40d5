//! Jobs whose pods end well or badly by chance: every one is counted exactly once.

use crate::world::{World, pods, resource};
use client::DeleteOptions;
use meta::{Key, Value, value};

fn job(name: &str, mode: &str) -> Value {
    value!({
        "metadata": {"name": name},
        "spec": {
            "completions": 6_i64, "parallelism": 3_i64, "backoffLimit": 100_i64, "completionMode": mode,
            "selector": {"matchLabels": {"job": name}},
            "template": {
                "metadata": {"labels": {"job": name, "ends": "yes"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
            }
        }
    })
}

/// Failures in a row put pods off by minutes: waits for the end, but not for ever.
async fn finished(world: &World) -> Value {
    for _ in 0..20 {
        world.calm().await;
        let found = world.api.get(&resource("batch", "jobs"), &Key::new("shop", "sum")).unwrap().decode_value();
        if found.items("status.conditions").iter().any(|condition| condition.str("type") == "Complete") {
            return found;
        }
    }
    panic!("the job does not end");
}

#[tokio::test(start_paused = true)]
async fn a_job_counts_every_pod_once() {
    for seed in 0..3 {
        for mode in ["NonIndexed", "Indexed"] {
            let mut world = World::begin(seed).await;
            let (jobs, key) = (resource("batch", "jobs"), Key::new("shop", "sum"));
            world.create(&jobs, "shop", &job("sum", mode));
            world.suffer(60).await;
            let found = finished(&world).await;
            let phases = |phase: &str| {
                let all = world.in_namespace(&pods(), "shop");
                all.iter().filter(|pod| pod.value().str("status.phase") == phase).count() as i64
            };
            let counted = (found.int("status.succeeded"), found.int("status.failed"));
            assert_eq!(counted, (6, phases("Failed")), "seed {seed} {mode}");
            assert_eq!(phases("Succeeded"), 6, "seed {seed} {mode}");
            if mode == "Indexed" {
                assert_eq!(found.str("status.completedIndexes"), "0-5", "seed {seed}");
            }
            let tracked = world.in_namespace(&pods(), "shop");
            assert!(tracked.iter().all(|pod| pod.header.finalizers.is_empty()), "seed {seed} {mode}");

            world.delete(&jobs, &key, DeleteOptions::default());
            world.calm().await;
            assert_eq!(world.in_namespace(&pods(), "shop").len(), 0, "seed {seed} {mode}");
        }
    }
}
