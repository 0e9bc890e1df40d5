//! A node without faults: it takes every pod, runs it after a while, and ends it when it is told to.

use crate::world::{pods, resource};
use client::fake::FakeApi;
use client::{DeleteOptions, Request};
use clock::Clock;
use meta::{Object, Value, value};
use std::sync::Arc;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(100);

pub async fn live(api: FakeApi, clock: Arc<dyn Clock>) {
    let node = value!({"metadata": {"name": "node1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    api.create(&resource("", "nodes"), "", &node);
    loop {
        for pod in api.all(&pods()) {
            step(&api, &*clock, &pod);
        }
        tokio::time::sleep(STEP).await;
    }
}

fn step(api: &FakeApi, clock: &dyn Clock, pod: &Object) {
    let value = pod.decode_value();
    let key = pod.key();
    let done = if pod.header.deletion_timestamp.is_some() {
        let delete = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        (clock.random() % 10 == 0).then(|| Request { delete, ..Request::delete(pods(), key) })
    } else if value.str("spec.nodeName").is_empty() {
        let mut bound = value;
        bound.set("spec.nodeName", "node1");
        Some(Request::update(pods(), key, bound))
    } else if value.str("status.phase") == "Pending" {
        (clock.random() % 20 == 0).then(|| Request::update(pods(), key, running(value, clock)).subresource("status"))
    } else {
        None
    };
    if let Some(request) = done {
        api.now(&request).expect("the node's word is taken");
    }
}

fn running(mut pod: Value, clock: &dyn Clock) -> Value {
    let ip = format!("10.1.{}.{}", clock.random() % 256, clock.random() % 256);
    let ready =
        value!({"type": "Ready", "status": "True", "lastTransitionTime": (meta::Time(clock.now()).to_string())});
    pod.set("status.phase", "Running");
    pod.set("status.conditions", Value::List(vec![ready]));
    pod.set("status.podIP", ip.as_str());
    pod.set("status.podIPs", Value::List(vec![value!({"ip": (ip.as_str())})]));
    pod
}
