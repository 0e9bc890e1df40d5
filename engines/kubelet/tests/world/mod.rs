//! A node over a fake API and a fake runtime, in virtual time.

#![allow(dead_code)] // each test file uses its own part

use client::Request;
use client::fake::FakeApi;
use clock::{Clock, VirtualClock};
use cri::fake::FakeRuntime;
use k8s_openapi::api::core::v1::Pod;
use kubelet::{Config, Doors, Handle, Kubelet, NoMounts};
use meta::{Gvr, Key, Object, Value};
use std::sync::Arc;
use std::time::Duration;

pub struct World {
    pub api: FakeApi,
    pub runtime: FakeRuntime,
    pub clock: Arc<VirtualClock>,
    pub directory: tempfile::TempDir,
    pub kubelet: Option<Handle>,
}

pub fn gvr(resource: &str) -> Gvr {
    Gvr::new("", "v1", resource)
}

impl World {
    pub async fn new() -> World {
        let clock = Arc::new(VirtualClock::new(7));
        let api = FakeApi::new(clock.clone());
        api.create(&gvr("namespaces"), "", &meta::value!({"metadata": {"name": "kube-node-lease"}}));
        let runtime = FakeRuntime::new(clock.clone());
        let mut world = World { api, runtime, clock, directory: tempfile::tempdir().unwrap(), kubelet: None };
        world.start().await;
        world
    }

    pub async fn start(&mut self) {
        let doors = Doors {
            client: Arc::new(self.api.clone()),
            runtime: Arc::new(self.runtime.clone()),
            images: Arc::new(self.runtime.clone()),
            clock: self.clock.clone() as Arc<dyn Clock>,
            mounts: Arc::new(NoMounts),
        };
        let config = Config {
            node_ips: vec!["192.0.2.1".parse().unwrap()],
            cluster_dns: vec!["10.96.0.10".parse().unwrap()],
            ..Config::new("node", self.directory.path().join("kubelet"))
        };
        self.kubelet = Some(Kubelet::run(config, doors).await.unwrap());
    }

    pub async fn stop(&mut self) {
        self.kubelet.take().unwrap().stop().await;
    }

    /// Creates a pod of that name and specification on the node.
    pub fn pod(&self, name: &str, spec: &str) {
        let json = format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{spec}}}"#);
        let mut pod: Value = meta::parse(json.as_bytes()).unwrap();
        pod.set("spec.nodeName", "node");
        pod.set_if_absent("spec.terminationGracePeriodSeconds", 30_i64);
        pod.set_if_absent("spec.enableServiceLinks", true);
        self.api.create(&gvr("pods"), "default", &pod);
    }

    pub fn object(&self, resource: &str, json: &str) {
        self.api.create(&gvr(resource), "default", &meta::parse(json.as_bytes()).unwrap());
    }

    pub fn delete(&self, name: &str, grace: Option<i64>) {
        let mut request = Request::delete(gvr("pods"), Key::new("default", name));
        request.delete.grace_seconds = grace;
        self.api.now(&request).unwrap();
    }

    pub fn find(&self, name: &str) -> Option<Arc<Object>> {
        self.api.get(&gvr("pods"), &Key::new("default", name))
    }

    pub fn typed(&self, name: &str) -> Pod {
        (*self.find(name).expect("the pod exists").typed::<Pod>().unwrap()).clone()
    }

    /// Waits until the pod's summary is as expected, at most five virtual minutes.
    pub async fn until(&self, name: &str, expect: &str) {
        for _ in 0..3000 {
            if self.summary(name) == expect {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{name} is {:?}, expected {expect:?}; events: {:#?}", self.summary(name), self.events());
    }

    /// `Running a:running/ready b:Error(1)#2`
    pub fn summary(&self, name: &str) -> String {
        let Some(pod) = self.find(name) else { return "gone".into() };
        let status = pod.value().at("status").clone();
        let mut words = vec![status.str("phase").to_owned()];
        if !status.str("reason").is_empty() {
            words[0] += &format!("({})", status.str("reason"));
        }
        for list in ["initContainerStatuses", "containerStatuses"] {
            words.extend(status.items(list).iter().map(container));
        }
        words.join(" ")
    }

    pub fn events(&self) -> Vec<String> {
        let all = self.api.all(&gvr("events"));
        all.iter().map(|e| format!("{} {}", e.value().str("reason"), e.value().str("message"))).collect()
    }

    pub fn ran(&self, call: &str) -> usize {
        self.runtime.calls().iter().filter(|c| **c == call).count()
    }
}

fn container(status: &Value) -> String {
    let state = status.at("state");
    let what = if !state.at("running").is_null() {
        "running".to_owned()
    } else if !state.at("terminated").is_null() {
        format!("{}({})", state.str("terminated.reason"), state.int("terminated.exitCode"))
    } else {
        state.str("waiting.reason").to_owned()
    };
    let ready = if status.bool("ready") { "/ready" } else { "" };
    let restarts = match status.int("restartCount") {
        0 => String::new(),
        count => format!("#{count}"),
    };
    format!("{}:{what}{ready}{restarts}", status.str("name"))
}
