use crate::world::{World, admin, core};
use client::{PatchKind, Request};
use meta::{Gvr, Key, Status, Value, value};

impl World {
    async fn patch_status(&self, of: Gvr, name: &str, status: Value) {
        let patch = value!({"status": status});
        let request = Request::patch(of, Key::new("default", name), PatchKind::Merge, patch).subresource("status");
        self.call(admin(), request).await.expect("a status can be written");
    }

    /// An eviction answers with a status, whose code tells.
    async fn evict(&self, pod: &str) -> Status {
        let body = value!({"metadata": {"name": pod}});
        self.post(admin(), "pods", pod, "eviction", body).await.expect_err("a status is no object")
    }
}

#[tokio::test(start_paused = true)]
async fn budgets_are_kept() {
    let world = World::start().await;
    world.account("default").await;
    let budgets = || Gvr::new("policy", "v1", "poddisruptionbudgets");
    let budget = value!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1i64, "selector": {"matchLabels": {"app": "web"}}}});
    world.given(budgets(), "default", budget).await;
    for name in ["p", "q"] {
        world.pod(name, value!({"nodeName": "n1"})).await;
        let status = value!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
        world.patch_status(core("pods"), name, status).await;
    }
    let processing = world.evict("p").await;
    assert_eq!(processing.code, 429);
    let status = value!({"observedGeneration": 1i64, "disruptionsAllowed": 1i64, "currentHealthy": 2i64,
        "desiredHealthy": 1i64, "expectedPods": 2i64});
    world.patch_status(budgets(), "b", status).await;
    assert_eq!(world.evict("p").await.code, 201);
    let refused = world.evict("q").await;
    assert_eq!(refused.code, 429);
    assert_eq!(refused.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    let evicted =
        world.call(admin(), Request::get(core("pods"), Key::new("default", "p"))).await.expect("it has its grace");
    assert!(evicted.header.deletion_timestamp.is_some());
    let conditions = evicted.decode_value().items("status.conditions").to_vec();
    assert!(conditions.iter().any(|condition| condition.str("reason") == "EvictionByEvictionAPI"), "{conditions:?}");
}
