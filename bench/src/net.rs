//! T18: how long a node takes until packets go where services say: all of them at first, then one change.
//!
//! It writes the real table of the network namespace it runs in, so give it one of its own:
//! `unshare --net target/release/bench net`.

use crate::results::Figure;
use dataplane::{Config, Dataplane};
use linux::netlink::HostNetwork;
use netplan::{Desired, Endpoint, EndpointPort, Port, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot, plan};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FIRST: Figure = Figure { name: "T18 first sync of 10,000 services", upstream: "-", budget: "0.5 s" };
const CHANGE: Figure = Figure { name: "T18 one change at 10,000 services", upstream: "-", budget: "2 ms" };
/// The size that the budgets are for.
const TABLED: u32 = 10_000;
const ENDPOINTS: u32 = 3;
const CHANGES: u32 = 200;

/// Prints one line a figure; ends with an error if the kernel refuses anything.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for services in [1_000, 10_000, 30_000] {
            measure(services).await?;
        }
        Ok(())
    })
}

async fn measure(services: u32) -> Result<(), Box<dyn std::error::Error>> {
    let engine = Dataplane::open(HostNetwork::open()?, config()).await?;
    let mut now = cluster(&engine, services);

    let started = started();
    let mut desired = plan(&Desired::default(), &now);
    let planned = started.elapsed();
    engine.apply(&desired).await?;
    let synced = format!("{:.0?}, of which planning {planned:.0?}", started.elapsed());

    let mut times = Vec::new();
    for change in 0..CHANGES {
        let number = change.wrapping_mul(7_919) % services;
        let (key, slice) = slice(number, if change % 2 == 0 { ENDPOINTS - 1 } else { ENDPOINTS + 1 });
        let started = self::started();
        now.slices.insert(key, Arc::new(slice));
        desired = plan(&desired, &now);
        engine.apply(&desired).await?;
        times.push(started.elapsed());
    }
    engine.reset().await?;
    let changed = spread(times);
    if services == TABLED {
        FIRST.record(&synced)?;
        return Ok(CHANGE.record(&changed)?);
    }
    println!("{services} services: first sync {synced}; one change {changed}");
    Ok(())
}

/// A measurement is the one thing that has to look at the clock of the machine.
#[allow(clippy::disallowed_methods)]
fn started() -> Instant {
    Instant::now()
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    format!("p50 {:.0?}, p99 {:.0?}, max {:.0?}", at(50), at(99), at(100))
}

fn config() -> Config {
    Config {
        node_name: "here".into(),
        cluster_domain: "cluster.local".into(),
        node_addresses: vec![Ipv4Addr::new(192, 0, 2, 1).into()],
        ..Config::default()
    }
}

fn cluster(engine: &Dataplane<HostNetwork>, services: u32) -> Snapshot {
    let mut now = Snapshot { node: engine.node(), ..Snapshot::default() };
    for number in 0..services {
        now.services.insert(service_key(number), Arc::new(service(number)));
        let (key, slice) = slice(number, ENDPOINTS);
        now.slices.insert(key, Arc::new(slice));
    }
    now
}

fn service_key(number: u32) -> ServiceKey {
    ServiceKey::new(&format!("namespace-{}", number % 100), &format!("service-{number}"))
}

/// One in ten has a node port, one in fifty keeps its clients.
fn service(number: u32) -> Service {
    let node_port = (number.is_multiple_of(10) && number < 27_670).then(|| 30_000 + (number / 10) as u16);
    let ports = vec![Port { name: "http".into(), protocol: Protocol::Tcp, port: 80, node_port }];
    let cluster_ips = vec![address(0x0a60_0001, number)];
    Service { cluster_ips, ports, affinity: number.is_multiple_of(50).then_some(10_800), ..Service::default() }
}

fn slice(number: u32, endpoints: u32) -> (SliceKey, Slice) {
    let endpoint = |index: u32| Endpoint {
        address: address(0x0af4_0001, number * 4 + index),
        ready: true,
        serving: true,
        terminating: false,
        hostname: None,
        node: Some("here".into()),
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    };
    let ports = vec![EndpointPort { name: "http".into(), protocol: Protocol::Tcp, port: 8_080 }];
    let slice = Slice { ports, endpoints: (0..endpoints).map(endpoint).collect() };
    (SliceKey { service: service_key(number), slice: "one".into() }, slice)
}

fn address(first: u32, number: u32) -> IpAddr {
    Ipv4Addr::from(first + number).into()
}
