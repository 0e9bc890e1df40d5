//! Services and endpoints in, rows out: many short cases, written as text.

use netplan::{
    Desired, Endpoint, EndpointPort, Frontend, Key, Node, Port, Protocol, Row, Scope, Service, ServiceKey, Slice,
    SliceKey, Snapshot, Target, Transaction, Value, diff, plan,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const NODE: &str = "192.0.2.1";

fn node() -> Arc<Node> {
    let addresses = vec![NODE.parse().unwrap()];
    Arc::new(Node { name: "here".into(), addresses, cluster_domain: "cluster.local".into(), ..Node::default() })
}

/// Words: an address is a cluster address; `np=30080`, `ext=..`, `lb=..`, `affinity=60`, `etp`, `itp`, `headless`,
/// `udp`, `name=..` (an external name), `foreign`.
fn service(text: &str) -> Service {
    let protocol = if text.contains("udp") { Protocol::Udp } else { Protocol::Tcp };
    let mut port = Port { name: "web".into(), protocol, port: 80, node_port: None };
    let mut service = Service::default();
    for word in text.split_whitespace() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("np", value) => port.node_port = Some(value.parse().unwrap()),
            ("ext", value) => service.external_ips.push(value.parse().unwrap()),
            ("lb", value) => service.ingress_ips.push(value.parse().unwrap()),
            ("from", value) => service.source_ranges.push(value.parse().unwrap()),
            ("affinity", value) => service.affinity = Some(value.parse().unwrap()),
            ("name", value) => service.external_name = Some(value.into()),
            ("etp", _) => service.external_local = true,
            ("itp", _) => service.internal_local = true,
            ("headless", _) => service.headless = true,
            ("foreign", _) => service.foreign = true,
            ("udp", _) => {}
            (address, _) => service.cluster_ips.push(address.parse().unwrap()),
        }
    }
    service.ports.push(port);
    service
}

/// Addresses; `@` stands for this node, `!` for not ready, `-` for ending but serving.
fn slice(text: &str, protocol: Protocol) -> Slice {
    let endpoint = |word: &str| Endpoint {
        address: word.trim_end_matches(['@', '!', '-']).parse().unwrap(),
        ready: !word.contains(['!', '-']),
        serving: !word.contains('!'),
        terminating: word.contains('-'),
        hostname: None,
        node: Some(if word.contains('@') { "here" } else { "there" }.into()),
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    };
    let ports = vec![EndpointPort { name: "web".into(), protocol, port: 8080 }];
    Slice { ports, endpoints: text.split_whitespace().map(endpoint).collect() }
}

#[derive(Default)]
struct Cluster(Snapshot);

impl Cluster {
    fn new() -> Self {
        Self(Snapshot { node: node(), ..Snapshot::default() })
    }

    fn set(&mut self, name: &str, text: &str, endpoints: &str) {
        let key = ServiceKey::new("n", name);
        let service = service(text);
        let slice = slice(endpoints, service.ports[0].protocol);
        self.0.services.insert(key.clone(), Arc::new(service));
        self.0.slices.insert(SliceKey { service: key, slice: "s".into() }, Arc::new(slice));
    }

    fn remove(&mut self, name: &str) {
        let key = ServiceKey::new("n", name);
        self.0.services.remove(&key);
        self.0.slices.remove(&SliceKey { service: key, slice: "s".into() });
    }
}

type Table = BTreeMap<Key, Value>;

/// As strict as the kernel.
fn apply(table: &mut Table, transaction: &Transaction) {
    for Row { key, value } in &transaction.remove {
        assert_eq!(table.remove(key), Some(*value), "removes what is not there: {key:?}");
    }
    for Row { key, value } in &transaction.add {
        assert_eq!(table.insert(*key, *value), None, "adds what is there: {key:?}");
    }
}

fn table(desired: &Desired) -> Table {
    let mut table = Table::new();
    apply(&mut table, &diff(&Desired::default(), desired));
    table
}

/// Each frontend with what it leads to, in one line.
fn show(table: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in table {
        let Key::Service(scope, frontend) = key else { continue };
        let Value::Target(target) = value else { panic!("{value:?}") };
        let mut line = format!("{}:{}", frontend.address, frontend.port);
        line.push_str(match scope {
            Scope::Outside => " from outside",
            Scope::Anyone if table.contains_key(&Key::Masquerade(*frontend)) => " masquerade",
            Scope::Anyone => "",
        });
        line.push_str(&show_target(table, *scope, *frontend, *target));
        lines.push(line);
    }
    lines
}

fn show_target(table: &Table, scope: Scope, frontend: Frontend, target: Target) -> String {
    let (kind, slots) = match target {
        Target::Reject => return " reject".into(),
        Target::Drop => return " drop".into(),
        Target::Here => return " here".into(),
        Target::Spread { slots } => (" ->".to_owned(), slots),
        Target::Sticky { seconds } => match table.get(&Key::Size(scope, frontend)) {
            Some(Value::Size(slots)) => (format!(" sticky {seconds} ->"), *slots),
            other => panic!("no size: {other:?}"),
        },
    };
    let backend = |(key, value): (&Key, &Value)| match (key, value) {
        (Key::Slot(at, of, slot), Value::Backend(backend)) => (*at, *of, *slot, *backend),
        (Key::Choice(at, of, slot), Value::Member(member)) => match table[&Key::Member(*at, *of, *member)] {
            Value::Backend(backend) => (*at, *of, *slot, backend),
            other => panic!("{other:?}"),
        },
        _ => unreachable!("{key:?}"),
    };
    let of_slots = table.iter().filter(|(key, _)| matches!(key, Key::Slot(..) | Key::Choice(..)));
    let mut backends: Vec<_> = of_slots
        .map(backend)
        .filter(|(at, of, ..)| (*at, *of) == (scope, frontend))
        .map(|(_, _, slot, backend)| {
            assert!(slot < slots, "slot {slot} of {slots}");
            format!(" {}", backend.address)
        })
        .collect();
    assert_eq!(backends.len() as u32, slots);
    backends.sort();
    kind + &backends.concat()
}

fn check(text: &str, endpoints: &str, expect: &[&str]) {
    let mut cluster = Cluster::new();
    cluster.set("a", text, endpoints);
    let table = table(&plan(&Desired::default(), &cluster.0));
    assert_eq!(show(&table), expect, "{text} / {endpoints}");
}

#[test]
fn cluster_addresses() {
    check("10.96.0.1", "10.0.0.1 10.0.0.2", &["10.96.0.1:80 -> 10.0.0.1 10.0.0.2"]);
    check("10.96.0.1", "", &["10.96.0.1:80 reject"]);
    check("10.96.0.1", "10.0.0.1!", &["10.96.0.1:80 reject"]);
    check("10.96.0.1", "10.0.0.1- 10.0.0.2!", &["10.96.0.1:80 -> 10.0.0.1"]);
    check("10.96.0.1 udp affinity=60", "10.0.0.1", &["10.96.0.1:80 sticky 60 -> 10.0.0.1"]);
}

#[test]
fn two_families_do_not_mix() {
    check("fd00::1", "10.0.0.1 fd10::1", &["fd00::1:80 -> fd10::1"]);
    check("10.96.0.1 fd00::1", "10.0.0.1", &["10.96.0.1:80 -> 10.0.0.1", "fd00::1:80 reject"]);
}

#[test]
fn no_rows_for_those_that_need_none() {
    for text in ["headless", "name=example.com", "10.96.0.1 foreign", "ext=1.2.3.4"] {
        check(text, "10.0.0.1", &[]);
    }
}

#[test]
fn internal_policy_local() {
    check("10.96.0.1 itp", "10.0.0.1 10.0.0.2@", &["10.96.0.1:80 -> 10.0.0.2"]);
    check("10.96.0.1 itp", "10.0.0.1", &["10.96.0.1:80 drop"]);
    check("10.96.0.1 itp", "10.0.0.1!", &["10.96.0.1:80 reject"]);
}

#[test]
fn outside_addresses() {
    let all =
        &["1.2.3.4:80 masquerade -> 10.0.0.1", "10.96.0.1:80 -> 10.0.0.1", "192.0.2.1:30080 masquerade -> 10.0.0.1"];
    check("10.96.0.1 np=30080 ext=1.2.3.4", "10.0.0.1", all);
    check("10.96.0.1 lb=1.2.3.4", "10.0.0.1", &all[..2]);
    check("10.96.0.1 np=30080", "", &["10.96.0.1:80 reject", "192.0.2.1:30080 masquerade reject"]);
}

#[test]
fn source_ranges_guard_the_ingress_address_alone() {
    let guards = |text: &str| {
        let mut cluster = Cluster::new();
        cluster.set("a", text, "10.0.0.1");
        let shown = |key: &Key| match key {
            Key::Guarded(frontend) => Some(frontend.address.to_string()),
            Key::Allowed(_, range) => Some(range.to_string()),
            _ => None,
        };
        table(&plan(&Desired::default(), &cluster.0)).keys().filter_map(shown).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(guards("10.96.0.1 lb=1.2.3.4 ext=1.2.3.5 np=30080"), "");
    assert_eq!(guards("10.96.0.1 ext=1.2.3.5 np=30080 from=10.0.0.0/8"), "");
    assert_eq!(guards("10.96.0.1 lb=1.2.3.4 np=30080 from=10.0.0.0/8"), "1.2.3.4 10.0.0.0/8");
    assert_eq!(guards("10.96.0.1 lb=1.2.3.4 from=192.0.2.0/24"), "1.2.3.4 1.2.3.4/32 192.0.2.0/24");
    assert_eq!(guards("10.96.0.1 lb=1.2.3.4 from=fd00::/8"), "");
}

#[test]
fn external_policy_local() {
    check(
        "10.96.0.1 np=30080 etp",
        "10.0.0.1 10.0.0.2@",
        &[
            "10.96.0.1:80 -> 10.0.0.1 10.0.0.2",
            "192.0.2.1:30080 -> 10.0.0.1 10.0.0.2",
            "192.0.2.1:30080 from outside -> 10.0.0.2",
        ],
    );
    check(
        "10.96.0.1 np=30080 etp",
        "10.0.0.1",
        &["10.96.0.1:80 -> 10.0.0.1", "192.0.2.1:30080 -> 10.0.0.1", "192.0.2.1:30080 from outside drop"],
    );
    check(
        "10.96.0.1 np=30080 etp itp",
        "10.0.0.1",
        &["10.96.0.1:80 drop", "192.0.2.1:30080 -> 10.0.0.1", "192.0.2.1:30080 from outside drop"],
    );
    check("10.96.0.1 etp", "10.0.0.1", &["10.96.0.1:80 -> 10.0.0.1"]);
}

/// What it is, what it does, and how many rows that may change.
type Step<'a> = (&'a str, &'a dyn Fn(&mut Cluster), usize);

/// Any order of changes ends in the same table as starting from the end, and costs what changed.
#[test]
fn changes_end_where_a_fresh_start_does() {
    let mut cluster = Cluster::new();
    let mut before = plan(&Desired::default(), &cluster.0);
    let mut applied = table(&before);
    let steps: [Step<'_>; 9] = [
        ("a new service", &|c| c.set("a", "10.96.0.1 np=30080", "10.0.0.1 10.0.0.2 10.0.0.3"), 10),
        ("another", &|c| c.set("b", "10.96.0.2 affinity=60", "10.0.0.1"), 5),
        ("one endpoint less", &|c| c.set("a", "10.96.0.1 np=30080", "10.0.0.1 10.0.0.3"), 10),
        ("nothing", &|c| c.set("a", "10.96.0.1 np=30080", "10.0.0.1 10.0.0.3"), 0),
        ("none left", &|c| c.set("a", "10.96.0.1 np=30080", ""), 8),
        ("a stolen address", &|c| c.set("c", "10.96.0.3 ext=10.96.0.2", "10.0.0.9"), 3),
        ("its owner gone", &|c| c.remove("b"), 8),
        ("and back", &|c| c.set("b", "10.96.0.2", "10.0.0.1"), 6),
        ("headless now", &|c| c.set("c", "headless", "10.0.0.9"), 3),
    ];
    for (what, change, most) in steps {
        change(&mut cluster);
        let now = plan(&before, &cluster.0);
        let transaction = diff(&before, &now);
        let size = transaction.add.len() + transaction.remove.len();
        assert!(size <= most, "{what}: {size} rows changed, {transaction:?}");
        apply(&mut applied, &transaction);
        assert_eq!(show(&applied), show(&table(&plan(&Desired::default(), &cluster.0))), "{what}");
        before = now;
    }
    assert!(diff(&before, &plan(&before, &cluster.0)).is_empty());
}

#[test]
fn another_node_address_moves_the_node_ports() {
    let mut cluster = Cluster::new();
    cluster.set("a", "10.96.0.1 np=30080", "10.0.0.1");
    let before = plan(&Desired::default(), &cluster.0);
    cluster.0.node = Arc::new(Node { addresses: vec!["192.0.2.9".parse().unwrap()], ..node().as_ref().clone() });
    let mut applied = table(&before);
    apply(&mut applied, &diff(&before, &plan(&before, &cluster.0)));
    assert_eq!(show(&applied), ["10.96.0.1:80 -> 10.0.0.1", "192.0.2.9:30080 masquerade -> 10.0.0.1"]);
}

#[test]
fn what_the_node_answers_itself_belongs_to_no_service() {
    let mut cluster = Cluster::new();
    let own_services = vec![("10.96.0.10".parse().unwrap(), Protocol::Tcp, 80)];
    cluster.0.node = Arc::new(Node { own_services, ..node().as_ref().clone() });
    let before = plan(&Desired::default(), &cluster.0);
    assert_eq!(show(&table(&before)), ["10.96.0.10:80 here"]);
    cluster.set("a", "10.96.0.10 np=30080", "10.0.0.1");
    let now = plan(&before, &cluster.0);
    assert_eq!(show(&table(&now)), ["10.96.0.10:80 here", "192.0.2.1:30080 masquerade -> 10.0.0.1"]);
}

#[test]
fn affinity_times_start_once_and_stop_last() {
    let mut cluster = Cluster::new();
    cluster.set("a", "10.96.0.1 affinity=60", "10.0.0.1");
    cluster.set("b", "10.96.0.2 affinity=60", "10.0.0.1");
    let two = plan(&Desired::default(), &cluster.0);
    assert_eq!(diff(&Desired::default(), &two).start_affinities, [60]);
    cluster.remove("a");
    let one = plan(&two, &cluster.0);
    assert!(diff(&two, &one).stop_affinities.is_empty());
    cluster.remove("b");
    assert_eq!(diff(&one, &plan(&one, &cluster.0)).stop_affinities, [60]);
}

#[test]
fn datagram_flows_end_when_their_endpoint_does() {
    let flows = |before: &Desired, now: &Desired| {
        let keep = |one: &netplan::Datagrams| one.serving.iter().map(|b| b.address.to_string()).collect::<Vec<_>>();
        diff(before, now).datagrams.iter().map(|one| (one.frontend.port, keep(one))).collect::<Vec<_>>()
    };
    let mut cluster = Cluster::new();
    cluster.set("a", "10.96.0.1 udp np=30053", "10.0.0.1 10.0.0.2");
    let two = plan(&Desired::default(), &cluster.0);
    cluster.set("a", "10.96.0.1 udp np=30053", "10.0.0.1 10.0.0.2!");
    let one = plan(&two, &cluster.0);
    assert_eq!(flows(&two, &one), [(80, vec!["10.0.0.1".to_owned()]), (30053, vec!["10.0.0.1".to_owned()])]);
    cluster.set("a", "10.96.0.1 udp np=30053", "");
    assert!(flows(&one, &plan(&one, &cluster.0)).is_empty(), "nobody better is there");
    cluster.set("t", "10.96.0.9", "10.0.0.1");
    assert!(flows(&one, &plan(&one, &cluster.0)).is_empty(), "streams end by themselves");
}
