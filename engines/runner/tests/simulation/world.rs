//! The world of a run: a server, controllers, and one node that runs whatever it is given.

use crate::nodes;
use client::fake::{FakeApi, Faults};
use client::{Answer, Caches, DeleteOptions, Request};
use clock::{Clock, VirtualClock};
use controllers::Settings;
use meta::{Gvr, Key, Object, Value};
use runner::{Runner, Running};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often in a second an observer looks.
const MOMENTS: u32 = 50;

pub struct World {
    pub api: FakeApi,
    pub clock: Arc<dyn Clock>,
    dead: nodes::Dead,
    running: Vec<Running>,
    nodes: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.nodes.abort();
    }
}

pub fn resource(group: &str, resource: &str) -> Gvr {
    Gvr::new(group, "v1", resource)
}

pub fn pods() -> Gvr {
    resource("", "pods")
}

impl World {
    pub async fn begin(seed: u64) -> World {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(seed));
        let api = FakeApi::new(clock.clone());
        for namespace in ["kube-system", "kube-node-lease", "shop"] {
            api.create(&resource("", "namespaces"), "", &meta::value!({"metadata": {"name": namespace}}));
        }
        let dead = nodes::Dead::default();
        let nodes = tokio::spawn(nodes::live(api.clone(), clock.clone(), dead.clone()));
        let mut world = World { api, clock, dead, running: Vec::new(), nodes };
        world.start();
        world
    }

    /// Starts all controllers, as a process that has just begun: with nothing in its caches.
    pub fn start(&mut self) {
        let client: Arc<dyn client::ApiClient> = Arc::new(self.api.clone());
        let caches = Caches::new(client.clone(), self.clock.clone());
        let runner = Runner::new(caches, self.clock.clone());
        let settings = Settings { root_ca: "PEM".into(), ..Settings::default() };
        self.running = controllers::ALL.iter().map(|make| runner.start(make(&settings), client.clone())).collect();
    }

    /// Kills all controllers, whatever they are doing, and starts them anew.
    pub fn restart(&mut self) {
        self.running.clear();
        self.start();
    }

    pub fn kill(&self, node: &str) {
        self.dead.lock().unwrap().insert(node.into());
    }

    /// Everything but what nodes renew, by its version.
    pub fn versions(&self) -> Vec<(String, u64)> {
        let kinds = client::fake::served().into_iter().filter(|served| served.resource.resource != "leases");
        let objects = kinds.flat_map(|served| self.api.all(&served.resource));
        objects
            .map(|object| (format!("{} {}", object.gvk.kind, object.key()), object.header.resource_version))
            .collect()
    }

    /// Lives through trouble: every fault there is, with a crash now and then.
    pub async fn suffer(&mut self, seconds: u64) {
        self.suffer_watched(seconds, |_| {}).await;
    }

    /// The same under the eyes of one who looks at every moment.
    pub async fn suffer_watched(&mut self, seconds: u64, look: impl Fn(&World)) {
        self.api.set_faults(Faults::rough());
        for _ in 0..seconds {
            for _ in 0..MOMENTS {
                tokio::time::sleep(Duration::from_secs(1) / MOMENTS).await;
                look(self);
            }
            match self.clock.random() % 40 {
                0 => self.restart(),
                1 => self.api.compact(),
                _ => {}
            }
        }
    }

    /// Lives on without faults until everything has had its time.
    pub async fn calm(&self) {
        self.api.set_faults(Faults::default());
        tokio::time::sleep(Duration::from_secs(300)).await;
    }

    pub fn create(&self, what: &Gvr, namespace: &str, object: &Value) -> Arc<Object> {
        self.api.create(what, namespace, object)
    }

    pub fn change(&self, what: &Gvr, key: &Key, change: impl Fn(&mut Value)) {
        let mut object = self.api.get(what, key).expect("it is there").decode_value();
        change(&mut object);
        object.remove("metadata.resourceVersion");
        self.api.now(&Request::update(what.clone(), key.clone(), object)).expect("the change is taken");
    }

    pub fn delete(&self, what: &Gvr, key: &Key, options: DeleteOptions) {
        let request = Request { delete: options, ..Request::delete(what.clone(), key.clone()) };
        let _: Answer = self.api.now(&request).expect("the deletion is taken");
    }

    pub fn in_namespace(&self, what: &Gvr, namespace: &str) -> Vec<Arc<Object>> {
        self.api.all(what).into_iter().filter(|object| object.header.namespace == namespace).collect()
    }
}
