//! Two nodes without faults: they take every pod, run it after a while, and end it when they are told to, until they die.

use crate::world::{pods, resource};
use client::fake::FakeApi;
use client::{DeleteOptions, Request};
use clock::Clock;
use meta::{Gvr, Key, Object, Value, value};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(100);
const RENEWAL: Duration = Duration::from_secs(10);
pub const NAMES: [&str; 2] = ["node1", "node2"];

/// The names of nodes that have died.
pub type Dead = Arc<Mutex<BTreeSet<String>>>;

struct Nodes {
    api: FakeApi,
    clock: Arc<dyn Clock>,
    dead: Dead,
}

pub fn nodes() -> Gvr {
    resource("", "nodes")
}

pub async fn live(api: FakeApi, clock: Arc<dyn Clock>, dead: Dead) {
    let nodes = Nodes { api, clock, dead };
    NAMES.iter().for_each(|name| nodes.join(name));
    let steps = RENEWAL.as_millis() / STEP.as_millis();
    for step in 1_u128.. {
        nodes.api.all(&pods()).iter().for_each(|pod| nodes.step(pod));
        if step % steps == 0 {
            NAMES.iter().filter(|name| nodes.lives(name)).for_each(|name| nodes.renew(name));
        }
        tokio::time::sleep(STEP).await;
    }
}

impl Nodes {
    fn now(&self) -> String {
        meta::Time(self.clock.now()).to_string()
    }

    fn lives(&self, node: &str) -> bool {
        !self.dead.lock().unwrap().contains(node)
    }

    fn join(&self, name: &str) {
        self.api.create(&nodes(), "", &value!({"metadata": {"name": name}}));
        let lease = value!({"metadata": {"name": name}, "spec": {"renewTime": (meta::Time(self.clock.now()).micro())}});
        self.api.create(&resource("coordination.k8s.io", "leases"), "kube-node-lease", &lease);
        let mut node = self.api.get(&nodes(), &Key::cluster(name)).unwrap().decode_value();
        let conditions =
            [("Ready", "True"), ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False")];
        let conditions = conditions
            .map(|(kind, status)| value!({"type": kind, "status": status, "lastHeartbeatTime": (self.now())}));
        node.set("status.conditions", Value::List(conditions.to_vec()));
        self.api.now(&Request::update(nodes(), Key::cluster(name), node).subresource("status")).unwrap();
    }

    fn renew(&self, name: &str) {
        let (leases, key) = (resource("coordination.k8s.io", "leases"), Key::new("kube-node-lease", name));
        let mut lease = self.api.get(&leases, &key).unwrap().decode_value();
        lease.set("spec.renewTime", meta::Time(self.clock.now()).micro());
        self.api.now(&Request::update(leases, key, lease)).unwrap();
    }

    fn step(&self, pod: &Object) {
        let value = pod.decode_value();
        let node = value.str("spec.nodeName").to_owned();
        let luck = |chance: u64| self.clock.random().is_multiple_of(chance);
        let request = if node.is_empty() {
            self.place(value)
        } else if !self.lives(&node) {
            None
        } else if pod.header.deletion_timestamp.is_some() {
            let delete = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
            luck(10).then(|| Request { delete, ..Request::delete(pods(), pod.key()) })
        } else {
            match value.str("status.phase") {
                "Pending" => luck(20).then(|| self.running(value)),
                "Running" if !value.str("metadata.labels.ends").is_empty() => luck(50).then(|| self.ended(value)),
                _ => None,
            }
        };
        request.into_iter().for_each(|request| drop(self.api.now(&request).expect("the node's word is taken")));
    }

    /// Onto the node that it names, or any that lives and has no taint.
    fn place(&self, mut pod: Value) -> Option<Request> {
        let terms = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
        let named = pod.items(terms).first().and_then(|term| term.items("matchFields")[0].items("values")[0].as_str());
        let free = |name: &&&str| {
            let node = self.api.get(&nodes(), &Key::cluster(**name));
            let untainted = node.is_some_and(|node| node.value().items("spec.taints").is_empty());
            self.lives(name) && named.map_or(untainted, |named| named == **name)
        };
        let free: Vec<_> = NAMES.iter().filter(free).collect();
        let chosen = free.get(self.clock.random() as usize % free.len().max(1))?;
        pod.set("spec.nodeName", **chosen);
        let key = Key::new(pod.str("metadata.namespace"), pod.str("metadata.name"));
        pod.at("metadata.deletionTimestamp").is_null().then(|| Request::update(pods(), key, pod))
    }

    fn running(&self, mut pod: Value) -> Request {
        let ip = format!("10.1.{}.{}", self.clock.random() % 256, self.clock.random() % 256);
        let ready = value!({"type": "Ready", "status": "True", "lastTransitionTime": (self.now())});
        pod.set("status.phase", "Running");
        pod.set("status.conditions", Value::List(vec![ready]));
        pod.set("status.podIP", ip.as_str());
        pod.set("status.podIPs", Value::List(vec![value!({"ip": (ip.as_str())})]));
        status_of(pod)
    }

    fn ended(&self, mut pod: Value) -> Request {
        let fails = self.clock.random().is_multiple_of(4);
        pod.set("status.phase", if fails { "Failed" } else { "Succeeded" });
        let unready = value!({"type": "Ready", "status": "False", "lastTransitionTime": (self.now())});
        pod.set("status.conditions", Value::List(vec![unready]));
        status_of(pod)
    }
}

fn status_of(pod: Value) -> Request {
    let key = Key::new(pod.str("metadata.namespace"), pod.str("metadata.name"));
    Request::update(pods(), key, pod).subresource("status")
}
