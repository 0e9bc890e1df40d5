//! Questions to the zone and its answers, as text.

use netplan::zone::{Answer, Data, Kind, Record};
use netplan::{
    Desired, Endpoint, EndpointPort, Node, Port, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot, plan,
};
use std::sync::Arc;

fn port(name: &str, protocol: Protocol, port: u16) -> Port {
    Port { name: name.into(), protocol, port, node_port: None }
}

fn endpoint(address: &str, hostname: Option<&str>, ready: bool) -> Endpoint {
    Endpoint {
        address: address.parse().unwrap(),
        ready,
        serving: ready,
        terminating: false,
        hostname: hostname.map(str::to_owned),
        node: None,
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    }
}

fn snapshot() -> Snapshot {
    let mut now = Snapshot {
        node: Arc::new(Node { cluster_domain: "Cluster.Local".into(), ..Node::default() }),
        namespaces: ["n", "empty"].into_iter().map(Arc::<str>::from).collect(),
        ..Snapshot::default()
    };
    let mut add = |name: &str, service: Service, endpoints: Vec<Endpoint>| {
        let key = ServiceKey::new("n", name);
        let ports = vec![EndpointPort { name: "web".into(), protocol: Protocol::Tcp, port: 8080 }];
        now.services.insert(key.clone(), Arc::new(service));
        now.slices.insert(SliceKey { service: key, slice: "s".into() }, Arc::new(Slice { ports, endpoints }));
    };
    let ports = vec![port("web", Protocol::Tcp, 80), port("dns", Protocol::Udp, 53)];
    let cluster_ips = vec!["10.96.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
    let plain = Service { cluster_ips, ports: ports.clone(), ..Service::default() };
    add("plain", plain, vec![endpoint("10.0.0.9", None, true)]);
    let headless = Service { headless: true, ports, ..Service::default() };
    let two = vec![
        endpoint("10.0.0.1", Some("db-0"), true),
        endpoint("10.0.0.2", None, true),
        endpoint("10.0.0.3", Some("db-2"), false),
    ];
    add("db", headless.clone(), two.clone());
    add("early", Service { publish_not_ready: true, ..headless.clone() }, two);
    add("void", headless, Vec::new());
    add("alias", Service { external_name: Some("Example.COM.".into()), ..Service::default() }, Vec::new());
    now
}

fn show(record: &Record) -> String {
    match &record.data {
        Data::Address(address) => address.to_string(),
        Data::Alias(target) => format!("alias {target}"),
        Data::Pointer(target) => format!("pointer {target}"),
        Data::Service { weight, port, target } => format!("{weight} {port} {target}"),
        Data::Text(text) => format!("text {text}"),
        Data::NameServer(name) => format!("ns {name}"),
        Data::Start => "start".into(),
    }
}

fn check(name: &str, kind: Kind, expect: &str) {
    let zone = plan(&Desired::default(), &snapshot()).zone;
    let shown = match zone.answer(name, kind) {
        Answer::NotOurs => "not ours".into(),
        Answer::Missing(zone) => format!("missing in {zone}"),
        Answer::Records { records, extra, .. } => {
            let extra: String = extra.iter().map(|record| format!(" + {} {}", record.name, show(record))).collect();
            records.iter().map(show).collect::<Vec<_>>().join(", ") + &extra
        }
    };
    assert_eq!(shown, expect, "{name} {kind:?}");
}

const MISSING: &str = "missing in cluster.local";

#[test]
fn services() {
    check("plain.n.svc.cluster.local", Kind::Ipv4, "10.96.0.1");
    check("plain.n.svc.cluster.local", Kind::Ipv6, "fd00::1");
    check("plain.n.svc.cluster.local", Kind::Text, "");
    check("plain.n.svc.cluster.local", Kind::Other, "");
    check("plain.other.svc.cluster.local", Kind::Ipv4, MISSING);
    check("plain.n.cluster.local", Kind::Ipv4, MISSING);
    check("alias.n.svc.cluster.local", Kind::Ipv4, "alias example.com");
}

#[test]
fn headless_services() {
    check("db.n.svc.cluster.local", Kind::Ipv4, "10.0.0.2, 10.0.0.1");
    check("db.n.svc.cluster.local", Kind::Ipv6, "");
    check("db-0.db.n.svc.cluster.local", Kind::Ipv4, "10.0.0.1");
    check("10-0-0-2.db.n.svc.cluster.local", Kind::Ipv4, "10.0.0.2");
    check("10-0-0-1.db.n.svc.cluster.local", Kind::Ipv4, MISSING);
    check("db-2.db.n.svc.cluster.local", Kind::Ipv4, MISSING);
    check("db-2.early.n.svc.cluster.local", Kind::Ipv4, "10.0.0.3");
    check("void.n.svc.cluster.local", Kind::Ipv4, MISSING);
    check("10-0-0-9.plain.n.svc.cluster.local", Kind::Ipv4, "10.0.0.9");
}

#[test]
fn ports() {
    let target = "plain.n.svc.cluster.local";
    let extra = format!(" + {target} 10.96.0.1 + {target} fd00::1");
    check("_web._tcp.plain.n.svc.cluster.local", Kind::Service, &format!("100 80 {target}{extra}"));
    check("_dns._udp.plain.n.svc.cluster.local", Kind::Service, &format!("100 53 {target}{extra}"));
    check(target, Kind::Service, &format!("50 80 {target}, 50 53 {target}{extra}"));
    check("_dns._tcp.plain.n.svc.cluster.local", Kind::Service, MISSING);
    check("_web._icmp.plain.n.svc.cluster.local", Kind::Service, MISSING);
    check("_web._tcp.plain.n.svc.cluster.local", Kind::Ipv4, "10.96.0.1");
    let (a, b) = ("10-0-0-2.db.n.svc.cluster.local", "db-0.db.n.svc.cluster.local");
    let both = format!("50 8080 {a}, 50 8080 {b} + {a} 10.0.0.2 + {b} 10.0.0.1");
    check("_web._tcp.db.n.svc.cluster.local", Kind::Service, &both);
}

#[test]
fn pods() {
    check("10-0-0-7.n.pod.cluster.local", Kind::Ipv4, "10.0.0.7");
    check("fd00--7.n.pod.cluster.local", Kind::Ipv6, "fd00::7");
    check("10-0-0-7.n.pod.cluster.local", Kind::Ipv6, "");
    check("10-0-0-7.other.pod.cluster.local", Kind::Ipv4, MISSING);
    check("10-0-0.n.pod.cluster.local", Kind::Ipv4, MISSING);
}

#[test]
fn names_between() {
    check("cluster.local", Kind::Start, "start");
    check("cluster.local", Kind::NameServer, "ns ns.dns.cluster.local");
    check("cluster.local", Kind::Ipv4, "");
    check("svc.cluster.local", Kind::Ipv4, "");
    check("n.svc.cluster.local", Kind::Ipv4, "");
    check("empty.svc.cluster.local", Kind::Ipv4, "");
    check("other.svc.cluster.local", Kind::Ipv4, MISSING);
    check("a.b.plain.n.svc.cluster.local", Kind::Ipv4, MISSING);
    check("dns-version.cluster.local", Kind::Text, "text 1.1.0");
}

#[test]
fn backwards() {
    check("1.0.96.10.in-addr.arpa", Kind::Pointer, "pointer plain.n.svc.cluster.local");
    check("9.0.0.10.in-addr.arpa", Kind::Pointer, "pointer 10-0-0-9.plain.n.svc.cluster.local");
    check(
        "1.0.0.10.in-addr.arpa",
        Kind::Pointer,
        "pointer db-0.db.n.svc.cluster.local, pointer db-0.early.n.svc.cluster.local",
    );
    check("1.0.96.10.in-addr.arpa", Kind::Ipv4, "");
    check("8.8.8.8.in-addr.arpa", Kind::Pointer, "not ours");
    let v6 = format!("1.{}0.0.d.f.ip6.arpa", "0.".repeat(27));
    check(&v6, Kind::Pointer, "pointer plain.n.svc.cluster.local");
}

#[test]
fn not_ours() {
    for name in ["example.com", "local", "", "notcluster.local", "x.notcluster.local"] {
        check(name, Kind::Ipv4, "not ours");
    }
}

#[test]
fn a_change_is_one_entry_and_a_new_serial() {
    let mut now = snapshot();
    let before = plan(&Desired::default(), &now);
    now.services.remove(&ServiceKey::new("n", "plain"));
    let after = plan(&before, &now);
    assert!(after.zone.serial() > before.zone.serial());
    assert_eq!(after.zone.answer("1.0.96.10.in-addr.arpa", Kind::Pointer), Answer::NotOurs);
    assert!(matches!(after.zone.answer("plain.n.svc.cluster.local", Kind::Ipv4), Answer::Missing(_)));
    assert_eq!(plan(&after, &now).zone.serial(), after.zone.serial());
}
