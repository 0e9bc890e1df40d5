//! From objects of the API to elements of the table, through the shared caches.

use client::fake::FakeApi;
use client::{Caches, Request};
use clock::VirtualClock;
use dataplane::{Config, Dataplane, snapshots};
use kernel::net::Recorder;
use meta::{Gvr, Key, value};
use netplan::Snapshot;
use netplan::zone::{Answer, Data, Kind};
use std::sync::Arc;
use std::time::Duration;

fn services() -> Gvr {
    Gvr::new("", "v1", "services")
}

fn slices() -> Gvr {
    Gvr::new("discovery.k8s.io", "v1", "endpointslices")
}

fn add_service(api: &FakeApi, name: &str, address: &str) {
    let ports = value!([{"name": "web", "port": 80, "protocol": "TCP"}]);
    let spec = value!({"clusterIP": address, "clusterIPs": [address], "ports": ports});
    api.create(&services(), "default", &value!({"metadata": {"name": name}, "spec": spec}));
}

fn slice_of(service: &str, address: &str) -> meta::Value {
    value!({
        "metadata": {"name": "slice", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": true}}]
    })
}

/// How many elements a set of the table has.
fn count(kernel: &Recorder, set: &str) -> usize {
    kernel.elements().iter().filter(|element| element.set == set).count()
}

async fn settled() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn objects_become_elements_and_names() {
    let clock = Arc::new(VirtualClock::new(1));
    let api = FakeApi::new(clock.clone());
    add_service(&api, "a", "10.96.0.1");
    api.create(&slices(), "default", &slice_of("a", "10.244.0.1"));
    let caches = Caches::new(Arc::new(api.clone()), clock);
    let kernel = Recorder::default();
    let config = Config { cluster_domain: "cluster.local".into(), ..Config::default() };
    let engine = Arc::new(Dataplane::open(kernel.clone(), config).await.unwrap());
    let (following, seen) = (engine.clone(), snapshots(&caches, engine.node()));
    tokio::spawn(async move { following.follow(seen).await });
    settled().await;
    assert_eq!((count(&kernel, "services4"), count(&kernel, "slots4")), (1, 1));

    add_service(&api, "b", "10.96.0.2");
    settled().await;
    assert_eq!((count(&kernel, "services4"), count(&kernel, "slots4")), (2, 1));
    let Answer::Records { records, .. } = engine.names().current().answer("b.default.svc.cluster.local", Kind::Ipv4)
    else {
        panic!("no name")
    };
    assert_eq!(records[0].data, Data::Address("10.96.0.2".parse().unwrap()));

    // The slice changes hands.
    let mut moved = slice_of("b", "10.244.0.1");
    moved.set("metadata.namespace", "default");
    let key = Key::new("default", "slice");
    api.now(&Request::update(slices(), key.clone(), moved)).unwrap();
    settled().await;
    assert_eq!(count(&kernel, "slots4"), 1);
    api.now(&Request::delete(slices(), key)).unwrap();
    api.now(&Request::delete(services(), Key::new("default", "a"))).unwrap();
    settled().await;
    assert_eq!((count(&kernel, "services4"), count(&kernel, "slots4")), (1, 0));
}

/// The caches of a new process are empty at first, and the table of the old one must outlive that.
#[tokio::test(start_paused = true)]
async fn nothing_is_planned_before_everything_was_seen() {
    let clock = Arc::new(VirtualClock::new(1));
    let api = FakeApi::new(clock.clone());
    add_service(&api, "a", "10.96.0.1");
    let caches = Caches::new(Arc::new(api), clock);
    let mut seen = std::pin::pin!(snapshots(&caches, Arc::default()));
    let first: Option<Snapshot> = futures::StreamExt::next(&mut seen).await;
    let first = first.expect("a snapshot");
    assert_eq!((first.services.len(), first.namespaces.len()), (1, 1));
}
