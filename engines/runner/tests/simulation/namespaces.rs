//! A namespace goes with everything in it, of kinds known and custom.

use crate::world::{World, pods, resource};
use client::DeleteOptions;
use client::fake::custom;
use meta::{Key, value};

#[tokio::test(start_paused = true)]
async fn a_namespace_leaves_nothing_behind() {
    for seed in 0..8 {
        let mut world = World::begin(seed).await;
        let widgets = resource("example.com", "widgets");
        world.api.serve(custom("example.com", "Widget", "widgets", true));
        // The definition is what makes caches ask again what is served.
        let definition = value!({"metadata": {"name": "widgets.example.com"}});
        world.create(&resource("apiextensions.k8s.io", "customresourcedefinitions"), "", &definition);
        for i in 0..4 {
            let name = format!("w{i}");
            world.create(&widgets, "shop", &value!({"metadata": {"name": (name.as_str())}}));
            let pod = value!({"metadata": {"name": (name.as_str())}, "spec": {"containers": []}});
            world.create(&pods(), "shop", &pod);
            world.create(&resource("", "configmaps"), "shop", &value!({"metadata": {"name": name}}));
        }
        world.suffer(10).await;
        world.delete(&resource("", "namespaces"), &Key::cluster("shop"), DeleteOptions::default());
        world.suffer(20).await;
        world.calm().await;
        assert!(world.api.get(&resource("", "namespaces"), &Key::cluster("shop")).is_none(), "seed {seed}");
        for what in [widgets, pods(), resource("", "configmaps"), resource("", "serviceaccounts")] {
            assert_eq!(world.in_namespace(&what, "shop").len(), 0, "seed {seed}: {}", what.resource);
        }
        let account = Key::new("kube-system", "default");
        assert!(world.api.get(&resource("", "serviceaccounts"), &account).is_some(), "seed {seed}");
    }
}
