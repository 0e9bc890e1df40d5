//! Questions in, replies out, as bytes.

use super::super::wire::{Transport, encode};
use super::*;
use netplan::{Desired, Endpoint, EndpointPort, Node, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot, plan};
use std::sync::Arc;

fn zone() -> Zone {
    let mut now = Snapshot {
        node: Arc::new(Node { cluster_domain: "cluster.local".into(), ..Node::default() }),
        namespaces: ["n"].into_iter().map(Arc::<str>::from).collect(),
        ..Snapshot::default()
    };
    let mut add = |name: &str, service: Service, endpoints: Vec<Endpoint>| {
        let key = ServiceKey::new("n", name);
        let ports = vec![EndpointPort { name: "p".into(), protocol: Protocol::Tcp, port: 80 }];
        now.services.insert(key.clone(), Arc::new(service));
        now.slices.insert(SliceKey { service: key, slice: "s".into() }, Arc::new(Slice { ports, endpoints }));
    };
    add("web", Service { cluster_ips: vec!["10.96.0.1".parse().unwrap()], ..Service::default() }, Vec::new());
    let endpoint = |number: u8| Endpoint {
        address: [10, 0, 0, number].into(),
        ready: true,
        serving: true,
        terminating: false,
        hostname: None,
        node: None,
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    };
    add("many", Service { headless: true, ..Service::default() }, (1..=200).map(endpoint).collect());
    for (name, target) in
        [("away", "example.com"), ("inner", "web.n.svc.cluster.local"), ("round", "round.n.svc.cluster.local")]
    {
        add(name, Service { external_name: Some(target.into()), ..Service::default() }, Vec::new());
    }
    plan(&Desired::default(), &now).zone
}

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(absolute(name).unwrap(), kind));
    message
}

fn show(reply: &Reply) -> String {
    match reply {
        Reply::Nothing => "nothing".into(),
        Reply::Ask(ask) => format!("ask {} {} after {}", ask.name, ask.kind, ask.answer.answers.len()),
        Reply::Send(message, _) => {
            let data: Vec<_> = message.answers.iter().map(|record| record.data.to_string()).collect();
            let soa = if message.authorities.is_empty() { "" } else { " SOA" };
            format!("{:?} {}{soa}", message.metadata.response_code, data.join(" "))
        }
    }
}

fn check(name: &str, kind: RecordType, expect: &str) {
    let reply = respond(&question(name, kind).to_vec().unwrap(), &zone());
    assert_eq!(show(&reply), expect, "{name} {kind}");
}

#[test]
fn answers() {
    check("web.n.svc.cluster.local", RecordType::A, "NoError 10.96.0.1");
    check("WEB.n.svc.Cluster.LOCAL", RecordType::A, "NoError 10.96.0.1");
    check("web.n.svc.cluster.local", RecordType::AAAA, "NoError  SOA");
    check("web.n.svc.cluster.local", RecordType::MX, "NoError  SOA");
    check("none.n.svc.cluster.local", RecordType::A, "NXDomain  SOA");
    check("example.com", RecordType::A, "ask example.com. A after 0");
    check("away.n.svc.cluster.local", RecordType::AAAA, "ask example.com. AAAA after 1");
    check("away.n.svc.cluster.local", RecordType::CNAME, "NoError example.com.");
    check("inner.n.svc.cluster.local", RecordType::A, "NoError web.n.svc.cluster.local. 10.96.0.1");
    // The same record eight times is nobody's answer.
    let round = format!("ServFail {}", ["round.n.svc.cluster.local."; 8].join(" "));
    check("round.n.svc.cluster.local", RecordType::A, &round);
}

#[test]
fn questions_that_are_none() {
    let bytes = |change: &dyn Fn(&mut Message)| {
        let mut message = question("web.n.svc.cluster.local", RecordType::A);
        change(&mut message);
        show(&respond(&message.to_vec().unwrap(), &zone()))
    };
    assert_eq!(bytes(&|m| m.metadata.message_type = MessageType::Response), "nothing");
    assert_eq!(bytes(&|m| m.metadata.op_code = OpCode::Update), "NotImp ");
    assert_eq!(bytes(&|m| m.queries.clear()), "FormErr ");
    assert_eq!(bytes(&|m| m.queries.push(m.queries[0].clone())), "FormErr ");
    let other_class = |m: &mut Message| {
        m.queries[0].set_query_class(DNSClass::CH);
    };
    assert_eq!(bytes(&other_class), "Refused ");
    let newer = |m: &mut Message| {
        m.edns.insert(Edns::new()).set_version(1);
    };
    assert_eq!(bytes(&newer), "BADVERS ");
}

/// No bytes, however broken, end the server.
#[test]
fn malformed_packets() {
    let whole = question("web.n.svc.cluster.local", RecordType::A).to_vec().unwrap();
    let zone = zone();
    for length in 0..whole.len() {
        let expect = if length < HEADER { "nothing" } else { "FormErr " };
        assert_eq!(show(&respond(&whole[..length], &zone)), expect, "{length} bytes");
    }
    for at in 0..whole.len() {
        for value in [0, 1, 0x3f, 0x7f, 0xc0, 0xff] {
            let mut broken = whole.clone();
            broken[at] = value;
            respond(&broken, &zone);
        }
    }
}

#[test]
fn the_client_finds_its_question_again() {
    let Reply::Send(message, _) =
        respond(&question("WeB.n.svc.cluster.local", RecordType::A).to_vec().unwrap(), &zone())
    else {
        panic!("no answer")
    };
    assert_eq!((message.metadata.id, message.metadata.recursion_available), (7, true));
    assert_eq!(message.queries[0].name().to_ascii(), "WeB.n.svc.cluster.local.");
    assert_eq!(message.answers[0].name.to_ascii(), "WeB.n.svc.cluster.local.");
}

#[test]
fn long_answers_are_cut_to_what_the_client_takes() {
    let length = |payload: Option<u16>, transport| {
        let mut message = question("many.n.svc.cluster.local", RecordType::A);
        message.edns = payload.map(|size| drop_to(Edns::new(), size));
        let Reply::Send(answer, asked) = respond(&message.to_vec().unwrap(), &zone()) else { panic!("no answer") };
        let bytes = encode(answer, asked.as_ref(), transport).unwrap();
        let seen = Message::from_vec(&bytes).unwrap();
        (bytes.len(), seen.metadata.truncation, seen.answers.len())
    };
    for (payload, limit) in [(None, 512), (Some(100), 512), (Some(900), 900), (Some(4_096), 1_232)] {
        let (bytes, truncated, answers) = length(payload, Transport::Datagram);
        assert!(bytes <= limit && truncated && answers > 20, "{payload:?}: {bytes} bytes, {answers} answers");
    }
    assert_eq!(length(None, Transport::Stream).2, 200);
}

fn drop_to(mut edns: Edns, size: u16) -> Edns {
    edns.set_max_payload(size);
    edns
}
