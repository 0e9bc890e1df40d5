//! The engine and the links over the recorder: what happens when the kernel refuses, or when somebody restarts.

use dataplane::{Config, Dataplane, HostPort, LinkError};
use futures::StreamExt;
use futures::channel::mpsc;
use kernel::net::{Element, Recorder};
use netplan::{Endpoint, EndpointPort, Port, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn config() -> Config {
    Config {
        node_name: "here".into(),
        cluster_domain: "cluster.local".into(),
        node_addresses: vec!["192.0.2.1".parse().unwrap()],
        cluster_ranges: vec!["10.244.0.0/16".parse().unwrap()],
        node_ranges: vec!["10.244.1.0/29".parse().unwrap()],
        dns: vec!["10.96.0.10:53".parse().unwrap()],
        ..Config::default()
    }
}

fn snapshot(services: u8, endpoints: u8) -> Snapshot {
    let mut now = Snapshot { node: config().node(), ..Snapshot::default() };
    for number in 0..services {
        let key = ServiceKey::new("n", &number.to_string());
        let ports = vec![Port { name: String::new(), protocol: Protocol::Tcp, port: 80, node_port: None }];
        let affinity = (number == 0).then_some(60);
        let service = Service { cluster_ips: vec![[10, 96, 1, number].into()], ports, affinity, ..Service::default() };
        now.services.insert(key.clone(), Arc::new(service));
        let endpoint = |last: u8| Endpoint {
            address: [10, 244, 1, last].into(),
            ready: true,
            serving: true,
            terminating: false,
            hostname: None,
            node: None,
            for_zones: Vec::new(),
            for_nodes: Vec::new(),
        };
        let ports = vec![EndpointPort { name: String::new(), protocol: Protocol::Tcp, port: 8080 }];
        let slice = Slice { ports, endpoints: (0..endpoints).map(endpoint).collect() };
        now.slices.insert(SliceKey { service: key, slice: "s".into() }, Arc::new(slice));
    }
    now
}

async fn engine(kernel: &Recorder, config: Config) -> Dataplane<Recorder> {
    Dataplane::open(kernel.clone(), config).await.unwrap()
}

/// What a fresh kernel holds after a plan for `now`.
async fn fresh(now: &Snapshot) -> Vec<Element> {
    let kernel = Recorder::default();
    engine(&kernel, config()).await.follow(futures::stream::iter([now.clone()])).await;
    kernel.elements()
}

#[tokio::test(start_paused = true)]
async fn only_the_latest_snapshot_counts() {
    let kernel = Recorder::default();
    let engine = engine(&kernel, config()).await;
    let before = kernel.commits();
    engine.follow(futures::stream::iter((0..50).map(|number| snapshot(number, 2)))).await;
    assert_eq!(kernel.commits(), before + 1);
    assert_eq!(kernel.elements(), fresh(&snapshot(49, 2)).await);
}

#[tokio::test(start_paused = true)]
async fn what_the_kernel_refuses_is_tried_again() {
    let kernel = Recorder::default();
    let engine = Arc::new(engine(&kernel, config()).await);
    let (snapshots, following) = mpsc::unbounded();
    let follower = engine.clone();
    let follow = tokio::spawn(async move { follower.follow(following).await });
    snapshots.unbounded_send(snapshot(3, 2)).unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;

    kernel.refuse(Some(ErrorKind::OutOfMemory));
    snapshots.unbounded_send(snapshot(5, 3)).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(kernel.elements(), fresh(&snapshot(3, 2)).await, "all or nothing");
    let zone = engine.names().current();
    assert!(matches!(
        zone.answer("4.n.svc.cluster.local", netplan::zone::Kind::Ipv4),
        netplan::zone::Answer::Records { .. }
    ));

    kernel.refuse(None);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(kernel.elements(), fresh(&snapshot(5, 3)).await);
    drop(snapshots);
    follow.await.unwrap();
}

/// The new process knows nothing, and yet writes only what differs.
#[tokio::test]
async fn a_restart_writes_what_differs() {
    let kernel = Recorder::default();
    engine(&kernel, config()).await.follow(futures::stream::iter([snapshot(5, 3)])).await;
    let commits = kernel.commits();
    engine(&kernel, config()).await.follow(futures::stream::iter([snapshot(5, 3)])).await;
    assert_eq!(kernel.commits(), commits, "nothing differs");
    engine(&kernel, config()).await.follow(futures::stream::iter([snapshot(4, 2)])).await;
    assert_eq!(kernel.elements(), fresh(&snapshot(4, 2)).await);
    engine(&kernel, config()).await.follow(futures::stream::iter([snapshot(0, 0)])).await;
    assert!(!kernel.chains().contains(&"sticky-60".to_owned()));
}

#[tokio::test]
async fn a_table_of_another_make_is_rebuilt_with_what_it_held() {
    let kernel = Recorder::default();
    engine(&kernel, config()).await.follow(futures::stream::iter([snapshot(5, 3)])).await;
    let (elements, commits) = (kernel.elements(), kernel.commits());
    let other = Config { service_ranges: vec!["10.96.0.0/16".parse().unwrap()], ..config() };
    engine(&kernel, other).await;
    assert_eq!(kernel.commits(), commits + 1);
    assert_eq!(kernel.elements(), elements);
    assert!(kernel.chains().contains(&"sticky-60".to_owned()));
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let kernel = Recorder::default();
    let engine = engine(&kernel, config()).await;
    let links = engine.pod_links().await.unwrap();
    links.attach("a", Path::new("/netns/a"), &[]).await.unwrap();
    assert_eq!(kernel.held(), ["10.96.0.10".parse::<IpAddr>().unwrap()]);
    engine.reset().await.unwrap();
    assert!(kernel.routed().is_empty());
    assert!(kernel.elements().is_empty() && kernel.pod_links().is_empty() && kernel.held().is_empty());
}

fn port(number: u16) -> HostPort {
    HostPort { host: None, protocol: Protocol::Tcp, port: number, pod_port: 80 }
}

#[tokio::test]
async fn a_failed_attach_leaves_nothing() {
    let kernel = Recorder::default();
    let engine = engine(&kernel, config()).await;
    let links = engine.pod_links().await.unwrap();
    let elements = kernel.elements();
    for _ in 0..20 {
        kernel.refuse(Some(ErrorKind::PermissionDenied));
        let refused = links.attach("a", Path::new("/netns/a"), &[port(7000)]).await;
        assert!(matches!(refused, Err(LinkError::Kernel(_))));
        kernel.refuse(None);
        links.detach("a").await.unwrap();
    }
    assert_eq!((kernel.elements(), links.sandboxes().len()), (elements, 0));
}

#[tokio::test]
async fn addresses_and_ports_belong_to_one_pod_at_a_time() {
    let kernel = Recorder::default();
    let engine = engine(&kernel, config()).await;
    let links = engine.pod_links().await.unwrap();
    let attach = async |name: &str, ports: &[HostPort]| links.attach(name, Path::new("/netns"), ports).await;
    let mut given = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        given.push(attach(name, &[]).await.unwrap()[0]);
    }
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), 6);
    assert!(matches!(attach("g", &[]).await, Err(LinkError::Addresses(_))));
    assert_eq!(attach("a", &[]).await.unwrap(), attach("a", &[]).await.unwrap());
    links.detach("c").await.unwrap();
    attach("h", &[port(7000)]).await.unwrap();
    links.detach("d").await.unwrap();
    assert!(matches!(attach("i", &[port(7000)]).await, Err(LinkError::PortTaken(_))));
    assert!(matches!(attach("i", &[port(7001), port(7001)]).await, Err(LinkError::PortTaken(_))));
    links.detach("h").await.unwrap();
    attach("i", &[port(7000)]).await.unwrap();
    assert!(matches!(attach(&"x".repeat(256), &[]).await, Err(LinkError::LongSandbox(256))));
}

#[tokio::test]
async fn a_restart_adopts_links_and_drops_orphans() {
    let kernel = Recorder::default();
    let first = engine(&kernel, config()).await;
    let links = first.pod_links().await.unwrap();
    let a = links.attach("a", Path::new("/netns/a"), &[port(7000)]).await.unwrap();
    links.attach("b", Path::new("/netns/b"), &[port(7001)]).await.unwrap();
    // The pod's namespace ended while nobody looked, and its link with it.
    let b = kernel.pod_links().into_iter().find(|link| link.owner == "b").unwrap();
    kernel::net::Links::remove_link(&kernel, b.name).await.unwrap();

    let second = engine(&kernel, config()).await;
    let links = second.pod_links().await.unwrap();
    assert_eq!(links.sandboxes(), ["a"]);
    assert_eq!(links.attach("a", Path::new("/netns/a"), &[port(7000)]).await.unwrap(), a);
    links.attach("c", Path::new("/netns/c"), &[port(7001)]).await.expect("the orphan's port is free");
    links.detach("a").await.unwrap();
    links.detach("c").await.unwrap();
    let of_links = |element: &Element| element.set.contains("host_ports") || element.set.contains("hairpin");
    assert_eq!(kernel.elements().into_iter().filter(of_links).count(), 0);
}

#[tokio::test]
async fn following_ends_with_the_stream() {
    let kernel = Recorder::default();
    engine(&kernel, config()).await.follow(futures::stream::empty().boxed()).await;
}
