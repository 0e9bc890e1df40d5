//! The data plane on the real kernel, in namespaces that live as long as a test.

mod world;

use dataplane::HostPort;
use dataplane::dns::{DnsServer, Forwarder};
use netplan::{Port, Protocol, Service};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use world::{LOOPBACK, NODE, Namespace, OUTSIDE, Pod, World, exchange, ip, on_a_node, service, shell, tcp};

fn endpoints(pods: &[&Pod]) -> Vec<(IpAddr, bool)> {
    pods.iter().map(|pod| (pod.address, true)).collect()
}

/// Who answered how often.
fn count(from: &Namespace, to: &str, times: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..times {
        let (name, _) = from.ask(to).unwrap_or_else(|| panic!("nobody answers at {to}"));
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[test]
fn pods_reach_each_other_the_node_and_the_outside() {
    on_a_node(async |world: World| {
        let (a, b) = (world.pod("a", &[]).await, world.pod("b", &[]).await);
        let to_b = format!("{}:8080", b.address);
        assert_eq!(a.inside.ask(&to_b), Some(("b".into(), a.address)), "pods see each other's addresses");
        assert_eq!(world.node.ask(&to_b), Some(("b".into(), NODE.parse().unwrap())));
        let outside = Pod { sandbox: "outside".into(), inside: world.outside, address: OUTSIDE.parse().unwrap() };
        outside.serve(9000);
        let seen = a.inside.ask(&format!("{OUTSIDE}:9000"));
        assert_eq!(seen, Some(("outside".into(), NODE.parse().unwrap())), "what leaves is masqueraded");
        let six = a.inside.run(|| shell("ip", "-6 -o addr show dev eth0 scope global"));
        assert!(six.contains("fd00:244:0:1::1"), "{six}");
        assert_eq!(b.inside.ask("[fd00:244:0:1::1]:8080"), Some(("a".into(), "fd00:244:0:1::2".parse().unwrap())));
    });
}

#[test]
fn a_service_reaches_all_its_endpoints_from_everywhere() {
    on_a_node(async |mut world: World| {
        let (a, b, c) = (world.pod("a", &[]).await, world.pod("b", &[]).await, world.pod("c", &[]).await);
        world.set("s", service("10.96.0.1", Protocol::Tcp, Some(30080)), &endpoints(&[&a, &b, &c]));
        world.apply().await;
        for (from, to) in [
            (&a.inside, "10.96.0.1:80"),
            (&world.node, "10.96.0.1:80"),
            (&world.outside, "10.96.0.1:80"),
            (&world.outside, "192.0.2.1:30080"),
            (&world.node, "192.0.2.1:30080"),
            (&world.node, "127.0.0.1:30080"),
            (&b.inside, "192.0.2.1:30080"),
        ] {
            let counts = count(from, to, 60);
            assert_eq!(counts.len(), 3, "{to}: {counts:?}");
            assert!(counts.values().all(|count| *count >= 5), "uneven at {to}: {counts:?}");
        }
    });
}

#[test]
fn a_node_without_a_default_route_reaches_services() {
    on_a_node(async |mut world: World| {
        ip("route delete default");
        ip("-6 route delete default");
        let a = world.pod("a", &[]).await;
        world.set("s", tcp("10.96.0.1"), &endpoints(&[&a]));
        world.set("six", tcp("fd00:96::1"), &[("fd00:244:0:1::1".parse().unwrap(), true)]);
        world.apply().await;
        let node: IpAddr = NODE.parse().unwrap();
        assert_eq!(world.node.ask("10.96.0.1:80"), Some(("a".into(), node)));
        assert!(world.node.ask("[fd00:96::1]:80").is_some());
        assert_eq!(world.node.refusal("10.96.0.1:81"), Some(ErrorKind::ConnectionRefused));
    });
}

#[test]
fn sources_are_kept_where_they_can_be() {
    on_a_node(async |mut world: World| {
        let (a, b) = (world.pod("a", &[]).await, world.pod("b", &[]).await);
        world.set("s", service("10.96.0.1", Protocol::Tcp, Some(30080)), &endpoints(&[&a]));
        let local = Service { external_local: true, ..service("10.96.0.2", Protocol::Tcp, Some(30081)) };
        world.set("local", local, &endpoints(&[&a]));
        world.apply().await;
        let node: IpAddr = NODE.parse().unwrap();
        let sees = |from: &Namespace, to: &str| from.ask(to).map(|(_, seen)| seen);
        assert_eq!(sees(&b.inside, "10.96.0.1:80"), Some(b.address));
        assert_eq!(sees(&world.outside, "192.0.2.1:30080"), Some(node));
        assert_eq!(sees(&world.outside, "192.0.2.1:30081"), Some(OUTSIDE.parse().unwrap()), "policy Local");
        assert_eq!(sees(&a.inside, "10.96.0.1:80"), Some(node), "a pod that reaches itself");
    });
}

#[test]
fn nobody_there_is_said_or_kept_silent() {
    on_a_node(async |mut world: World| {
        let a = world.pod("a", &[]).await;
        let far: IpAddr = "10.244.9.9".parse().unwrap();
        world.set("empty", service("10.96.0.1", Protocol::Tcp, Some(30080)), &[]);
        let local =
            Service { internal_local: true, external_local: true, ..service("10.96.0.2", Protocol::Tcp, Some(30082)) };
        world.set("elsewhere", local, &[(far, false)]);
        world.apply().await;
        for from in [&a.inside, &world.node, &world.outside] {
            assert_eq!(from.refusal("10.96.0.1:80"), Some(ErrorKind::ConnectionRefused));
            assert_eq!(from.refusal("10.96.0.1:81"), Some(ErrorKind::ConnectionRefused), "another port");
            assert_eq!(from.refusal("192.0.2.1:30080"), Some(ErrorKind::ConnectionRefused));
            assert_eq!(from.refusal("10.96.0.2:80"), Some(ErrorKind::TimedOut), "endpoints elsewhere");
        }
        assert_eq!(world.outside.refusal("192.0.2.1:30082"), Some(ErrorKind::TimedOut));
        assert_eq!(a.inside.refusal("10.96.77.77:80"), Some(ErrorKind::TimedOut), "nobody's address");
    });
}

#[test]
fn affinity_holds_until_its_endpoint_goes() {
    on_a_node(async |mut world: World| {
        let (a, b, c) = (world.pod("a", &[]).await, world.pod("b", &[]).await, world.pod("c", &[]).await);
        let sticky = Service { affinity: Some(600), ..tcp("10.96.0.1") };
        world.set("s", sticky.clone(), &endpoints(&[&a, &b]));
        world.apply().await;
        let first = count(&c.inside, "10.96.0.1:80", 20);
        assert_eq!(first.len(), 1, "{first:?}");
        // A restart and a rebuilt table forget nothing.
        world.restart().await;
        world.apply().await;
        assert_eq!(count(&c.inside, "10.96.0.1:80", 20), first);
        let (gone, rest) = if first.contains_key("a") { (&a, &b) } else { (&b, &a) };
        world.set("s", sticky, &endpoints(&[rest]));
        world.apply().await;
        assert_eq!(
            count(&c.inside, "10.96.0.1:80", 5),
            BTreeMap::from([(rest.sandbox.clone(), 5)]),
            "not {}",
            gone.sandbox
        );
        let listed = shell("nft", "list chain inet k1s sticky-600");
        assert!(listed.contains("affinity4"), "{listed}");
        world.unset("s");
        world.apply().await;
        assert!(!shell("nft", "list chains").contains("sticky-600"));
    });
}

#[test]
fn host_ports() {
    on_a_node(async |world: World| {
        let port = |host, port| HostPort { host, protocol: Protocol::Tcp, port, pod_port: 8080 };
        let everywhere = world.pod("everywhere", &[port(None, 7000)]).await;
        let _loopback = world.pod("loopback", &[port(Some(LOOPBACK), 7001)]).await;
        let _node = world.pod("node", &[port(Some(NODE.parse().unwrap()), 7001)]).await;
        let who = |from: &Namespace, to: &str| from.ask(to).map(|(name, _)| name);
        assert_eq!(who(&world.outside, "192.0.2.1:7000").as_deref(), Some("everywhere"));
        assert_eq!(who(&world.node, "127.0.0.1:7000").as_deref(), Some("everywhere"));
        assert_eq!(
            who(&everywhere.inside, "192.0.2.1:7000").as_deref(),
            Some("everywhere"),
            "through the node to itself"
        );
        assert_eq!(who(&world.node, "127.0.0.1:7001").as_deref(), Some("loopback"));
        assert_eq!(who(&world.outside, "192.0.2.1:7001").as_deref(), Some("node"));
        let taken = world.links.attach("second", &Namespace::new().path(), &[port(None, 7000)]).await;
        assert!(taken.is_err_and(|error| error.to_string().contains("taken")));
        world.links.detach("everywhere").await.unwrap();
        assert_eq!(world.outside.refusal("192.0.2.1:7000"), Some(ErrorKind::ConnectionRefused));
    });
}

/// Every request is answered while endpoints come and go, and a connection outlives a rebuilt table.
#[test]
fn changes_under_traffic_lose_nothing() {
    on_a_node(async |mut world: World| {
        let (a, b, c) = (world.pod("a", &[]).await, world.pod("b", &[]).await, world.pod("c", &[]).await);
        world.set("s", tcp("10.96.0.1"), &endpoints(&[&a, &b]));
        world.apply().await;
        let kept = c.inside.run(|| TcpStream::connect("10.96.0.1:80").unwrap());
        let client = c.inside;
        let asking = std::thread::spawn(move || count(&client, "10.96.0.1:80", 1_500));
        let mut turn = 0;
        while !asking.is_finished() {
            turn += 1;
            let some = [vec![&a, &b], vec![&a], vec![&b], vec![&b, &a]];
            world.set("s", tcp("10.96.0.1"), &endpoints(&some[turn % 4]));
            if turn % 10 == 0 {
                world.restart().await;
            }
            world.apply().await;
        }
        assert_eq!(asking.join().unwrap().values().sum::<usize>(), 1_500);
        assert!(turn > 10, "only {turn} changes");
        assert!(exchange(kept).is_some(), "the connection from before is gone");
    });
}

#[test]
fn datagrams_follow_the_endpoints() {
    on_a_node(async |mut world: World| {
        let (a, b, c) = (world.pod("a", &[]).await, world.pod("b", &[]).await, world.pod("c", &[]).await);
        a.serve_datagrams(8080);
        b.serve_datagrams(8080);
        world.set("s", service("10.96.0.1", Protocol::Udp, None), &endpoints(&[&a]));
        world.apply().await;
        // One socket, one flow: tracking would keep it at its first endpoint for ever.
        let socket = c.inside.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
        socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let ask = || {
            let mut buffer = [0; 16];
            socket.send_to(b"?", "10.96.0.1:80").unwrap();
            let (length, _) = socket.recv_from(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        assert_eq!(ask(), "a");
        world.set("s", service("10.96.0.1", Protocol::Udp, None), &endpoints(&[&b]));
        world.apply().await;
        assert_eq!(ask(), "b");
    });
}

#[test]
fn external_addresses_and_the_other_family() {
    on_a_node(async |mut world: World| {
        let a = world.pod("a", &[]).await;
        let external = Service { external_ips: vec!["203.0.113.7".parse().unwrap()], ..tcp("10.96.0.1") };
        world.set("s", external, &endpoints(&[&a]));
        world.set("six", tcp("fd00:96::1"), &[("fd00:244:0:1::1".parse().unwrap(), true)]);
        world.set(
            "sticky",
            Service { affinity: Some(60), ..tcp("fd00:96::2") },
            &[("fd00:244:0:1::1".parse().unwrap(), true)],
        );
        world.apply().await;
        world.outside.run(|| ip("route add 203.0.113.7 via 192.0.2.1"));
        assert!(world.outside.ask("203.0.113.7:80").is_some());
        assert!(world.node.ask("203.0.113.7:80").is_some());
        for to in ["[fd00:96::1]:80", "[fd00:96::2]:80"] {
            assert!(world.node.ask(to).is_some(), "{to}");
            assert!(a.inside.ask(to).is_some(), "{to}, to itself");
        }
    });
}

#[test]
fn strangers_get_no_answer() {
    on_a_node(async |mut world: World| {
        let a = world.pod("a", &[]).await;
        let guarded = |ranges: &[&str]| Service {
            ingress_ips: vec!["203.0.113.7".parse().unwrap()],
            source_ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
            ..tcp("10.96.0.1")
        };
        world.outside.run(|| ip("route add 203.0.113.7 via 192.0.2.1"));
        world.set("s", guarded(&["198.51.100.0/24", "10.244.0.0/16"]), &endpoints(&[&a]));
        world.apply().await;
        assert_eq!(world.outside.refusal("203.0.113.7:80"), Some(ErrorKind::TimedOut));
        assert!(a.inside.ask("203.0.113.7:80").is_some());
        assert!(shell("nft", "list set inet k1s allowed4").contains("198.51.100.0/24"));
        world.restart().await;
        world.set("s", guarded(&["198.51.100.0/24", "192.0.2.2/32"]), &endpoints(&[&a]));
        world.apply().await;
        assert!(world.outside.ask("203.0.113.7:80").is_some());
        assert_eq!(a.inside.refusal("203.0.113.7:80"), Some(ErrorKind::TimedOut));
    });
}

#[test]
fn pods_ask_the_node_for_names() {
    on_a_node(async |mut world: World| {
        let a = world.pod("a", &[]).await;
        world.set("s", tcp("10.96.0.1"), &endpoints(&[&a]));
        // Without endpoints it would be refused, were it not the node's own.
        world.set("kube-dns", Service { ports: dns_ports(), ..tcp("10.96.0.10") }, &[]);
        world.apply().await;
        let forwarder = Forwarder::new(Vec::new(), Arc::new(clock::SystemClock));
        let at = "10.96.0.10:53".parse().unwrap();
        let server = DnsServer::bind(at, world.engine.names(), forwarder).await.unwrap();
        tokio::spawn(server.run());
        for (from, tcp) in [(&a.inside, ""), (&a.inside, "+tcp"), (&world.node, "")] {
            let arguments = format!("@10.96.0.10 +short +time=2 +tries=1 {tcp} s.n.svc.cluster.local");
            let answer = off_the_loop(from, move || shell("dig", &arguments)).await;
            assert_eq!(answer.trim(), "10.96.0.1");
        }
        assert_eq!(a.inside.refusal("10.96.0.10:9153"), Some(ErrorKind::ConnectionRefused), "not the node's own");
    });
}

fn dns_ports() -> Vec<Port> {
    let port = |protocol, port| Port { name: String::new(), protocol, port, node_port: None };
    vec![port(Protocol::Udp, 53), port(Protocol::Tcp, 53), port(Protocol::Tcp, 9153)]
}

/// The server runs on this thread, so whoever asks it must not block it.
async fn off_the_loop(from: &Namespace, work: impl FnOnce() -> String + Send + 'static) -> String {
    let from = from.again();
    tokio::task::spawn_blocking(move || from.run(work)).await.unwrap()
}

#[test]
fn datagrams_follow_the_holder_of_a_host_port() {
    on_a_node(async |world: World| {
        let port = HostPort { host: None, protocol: Protocol::Udp, port: 7000, pod_port: 8080 };
        let socket = world.outside.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let ask = || {
            let mut buffer = [0; 16];
            socket.send_to(b"?", "192.0.2.1:7000").unwrap();
            let (length, _) = socket.recv_from(&mut buffer).ok()?;
            Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
        };
        assert_eq!(ask(), None);
        for name in ["a", "b"] {
            let pod = world.pod(name, &[port]).await;
            pod.serve_datagrams(8080);
            assert_eq!(ask().as_deref(), Some(name));
            world.links.detach(name).await.unwrap();
        }
    });
}

#[test]
fn a_restart_adopts_what_is_there() {
    on_a_node(async |mut world: World| {
        let port = HostPort { host: None, protocol: Protocol::Tcp, port: 7000, pod_port: 8080 };
        let (a, b) = (world.pod("a", &[port]).await, world.pod("b", &[]).await);
        world.set("s", tcp("10.96.0.1"), &endpoints(&[&a]));
        world.set("gone", tcp("10.96.0.2"), &endpoints(&[&a]));
        world.apply().await;
        world.restart().await;
        assert_eq!(count(&b.inside, "10.96.0.1:80", 1).len(), 1, "before anything is planned");
        world.unset("gone");
        world.apply().await;
        assert_eq!(b.inside.refusal("10.96.0.2:80"), Some(ErrorKind::TimedOut));
        assert_eq!(world.links.sandboxes(), ["a", "b"]);
        assert_eq!(world.links.attach("a", &a.inside.path(), &[port]).await.unwrap()[0], a.address);
        let c = world.pod("c", &[]).await;
        assert!(c.address != a.address && c.address != b.address);
        world.links.detach("a").await.unwrap();
        world.links.detach("a").await.unwrap();
        assert_eq!(world.outside.refusal("192.0.2.1:7000"), Some(ErrorKind::ConnectionRefused));
    });
}

#[test]
fn a_reset_leaves_nothing() {
    on_a_node(async |mut world: World| {
        let a = world.pod("a", &[]).await;
        world.set("s", Service { affinity: Some(60), ..tcp("10.96.0.1") }, &endpoints(&[&a]));
        world.apply().await;
        assert!(ip("addr show dev lo").contains("10.96.0.10"));
        world.engine.reset().await.unwrap();
        world.engine.reset().await.unwrap();
        assert_eq!(shell("nft", "list ruleset"), "");
        assert!(!ip("link show").contains("k1s"));
        assert!(!ip("route show").contains("10.244.") && !ip("route show").contains("10.96."));
        assert!(!ip("-6 route show").contains("fd00:96:"));
        assert!(!ip("addr show dev lo").contains("10.96.0.10"));
    });
}
