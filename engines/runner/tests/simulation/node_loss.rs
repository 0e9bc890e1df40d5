//! A node dies, and later is taken away: its pods are made anew elsewhere. All nodes die: nothing is given up.

use crate::deployments::{deployment, deployments, living};
use crate::nodes::{NAMES, nodes};
use crate::world::{World, pods};
use client::DeleteOptions;
use meta::Key;

async fn deployed(seed: u64) -> World {
    let world = World::begin(seed).await;
    world.create(&deployments(), "shop", &deployment());
    world.calm().await;
    world
}

#[tokio::test(start_paused = true)]
async fn pods_of_a_dead_node_are_made_anew() {
    for seed in 0..3 {
        let mut world = deployed(seed).await;
        world.kill("node1");
        world.suffer(150).await;
        world.calm().await;
        let ready = living(&world);
        assert!(ready.iter().all(|pod| pod.str("spec.nodeName") == "node2"), "seed {seed}");
        assert_eq!(ready.len(), 5, "seed {seed}");

        world.delete(&nodes(), &Key::cluster("node1"), DeleteOptions::default());
        world.suffer(60).await;
        world.calm().await;
        let all = world.in_namespace(&pods(), "shop");
        assert!(
            all.iter().all(|pod| pod.value().str("spec.nodeName") == "node2"),
            "seed {seed}: what it left is removed"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_every_node_is_silent_nothing_is_given_up() {
    for seed in 0..3 {
        let mut world = deployed(seed).await;
        let before: Vec<String> = living(&world).iter().map(|pod| pod.str("metadata.uid").to_owned()).collect();
        NAMES.iter().for_each(|name| world.kill(name));
        world.suffer(120).await;
        world.calm().await;
        let after: Vec<String> = living(&world).iter().map(|pod| pod.str("metadata.uid").to_owned()).collect();
        assert_eq!(after, before, "seed {seed}");
        let silent = world.api.all(&nodes());
        let ready = |node: &meta::Object| node.value().items("status.conditions")[0].str("status").to_owned();
        assert!(silent.iter().all(|node| ready(node) == "Unknown"), "seed {seed}");
    }
}
