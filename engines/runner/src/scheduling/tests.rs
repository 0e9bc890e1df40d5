//! The loop against an in-memory server.

use super::*;
use client::fake::{FakeApi, Faults};
use client::{DeleteOptions, Request};
use clock::VirtualClock;
use meta::{Key, Object, Value, value};
use std::time::Duration;

fn pods() -> Gvr {
    Gvr::new("", "v1", "pods")
}

fn node(name: &str, cpu: &str) -> Value {
    value!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}},
    })
}

fn pod(name: &str, cpu: &str) -> Value {
    value!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "schedulerName": "default-scheduler",
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}],
        },
        "status": {"phase": "Pending"},
    })
}

struct Stage {
    fake: FakeApi,
    _running: Running,
}

impl Stage {
    fn new(seed: u64) -> Stage {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(seed));
        let fake = FakeApi::new(clock.clone());
        let client: Arc<dyn ApiClient> = Arc::new(fake.clone());
        let caches = Caches::new(client.clone(), clock.clone());
        Stage { fake, _running: start_scheduler(&caches, client, clock, Profile::default()) }
    }

    fn create(&self, resource: &str, namespace: &str, object: Value) {
        self.fake.now(&Request::create(Gvr::new("", "v1", resource), namespace, object)).expect("it is created");
    }

    fn add_node(&self, name: &str, cpu: &str) {
        self.create("nodes", "", node(name, cpu));
        let update = Request::update(Gvr::new("", "v1", "nodes"), Key::cluster(name), node(name, cpu));
        self.fake.now(&update.subresource("status")).expect("its status is told");
    }

    fn pod(&self, name: &str) -> Arc<Object> {
        self.fake.get(&pods(), &Key::new("default", name)).expect("it exists")
    }

    fn node_of(&self, name: &str) -> String {
        self.pod(name).value().str("spec.nodeName").to_owned()
    }

    /// A node takes a pod away whose containers have ended.
    fn has_ended(&self, name: &str) {
        let delete = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        let request = Request { delete, ..Request::delete(pods(), Key::new("default", name)) };
        self.fake.now(&request).expect("it is taken away");
    }
}

#[tokio::test(start_paused = true)]
async fn pods_are_bound_as_room_comes() {
    let stage = Stage::new(1);
    stage.add_node("small", "1");
    for name in ["a", "b", "c"] {
        stage.create("pods", "default", pod(name, "500m"));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let waiting: Vec<&str> = ["a", "b", "c"].into_iter().filter(|name| stage.node_of(name).is_empty()).collect();
    assert_eq!(waiting.len(), 1, "two fit");
    stage.add_node("large", "4");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.node_of(waiting[0]), "large");
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_told_why_it_waits() {
    let stage = Stage::new(1);
    stage.create("pods", "default", pod("a", "500m"));
    stage.add_node("small", "100m");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let events = stage.fake.all(&Gvr::new("", "v1", "events"));
    let messages: Vec<String> = events.iter().map(|event| event.decode_value().str("message").to_owned()).collect();
    let expect = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: \
                  1 Preemption is not helpful for scheduling.";
    assert!(messages.iter().any(|message| message == expect), "{messages:?}");
}

/// Whatever is refused, delayed, or done with its answer lost: every pod finds a place, and no node holds too many.
#[tokio::test(start_paused = true)]
async fn every_pod_finds_a_place_through_every_fault() {
    for seed in 0..20 {
        let stage = Stage::new(seed);
        for node in 0..5 {
            stage.add_node(&format!("n{node}"), "2");
        }
        stage.fake.set_faults(Faults::rough());
        for nth in 0..20 {
            stage.create("pods", "default", pod(&format!("p{nth}"), "500m"));
            tokio::time::sleep(Duration::from_millis(seed * nth)).await;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        stage.fake.set_faults(Faults::default());
        tokio::time::sleep(Duration::from_secs(120)).await;
        let mut held = std::collections::BTreeMap::new();
        for nth in 0..20 {
            *held.entry(stage.node_of(&format!("p{nth}"))).or_insert(0) += 1;
        }
        let full = (0..5).map(|node| (format!("n{node}"), 4)).collect();
        assert_eq!(held, full, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_more_important_pod_pushes_others_out() {
    let stage = Stage::new(1);
    stage.add_node("only", "1");
    stage.create("pods", "default", pod("lesser", "1"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.node_of("lesser"), "only");
    let mut urgent = pod("urgent", "1");
    urgent.set("spec.priority", 9);
    stage.create("pods", "default", urgent);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(stage.pod("lesser").header.deletion_timestamp.is_some(), "it has to leave");
    let events = stage.fake.all(&Gvr::new("", "v1", "events"));
    assert!(events.iter().any(|event| event.value().str("reason") == "Preempted"), "it is told why");
    assert_eq!(stage.node_of("urgent"), "", "it waits for the place that it was promised");
    stage.has_ended("lesser");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.node_of("urgent"), "only");
}
