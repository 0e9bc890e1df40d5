//! A question's bytes to its answer, or to what must be asked elsewhere first. No I/O.

use super::wire::{Zone as Wire, absolute, edns, record, start};
use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use netplan::zone::{Answer, Data, Kind, Zone};

/// Aliases that lead to aliases.
const LONGEST_CHAIN: usize = 8;
const HEADER: usize = 12;
const IS_RESPONSE: u8 = 0x80;

#[derive(Debug)]
pub enum Reply {
    /// Not a question: silence, so that two servers never talk to each other for ever.
    Nothing,
    Send(Message, Option<Edns>),
    Ask(Box<Ask>),
}

/// A question for somebody else.
#[derive(Debug)]
pub struct Ask {
    pub name: Name,
    pub kind: RecordType,
    /// The answer so far: the header, the client's question, and the aliases that led here.
    pub answer: Message,
    pub asked: Option<Edns>,
}

pub fn respond(packet: &[u8], zone: &Zone) -> Reply {
    match Message::from_vec(packet) {
        Ok(question) if question.metadata.message_type == MessageType::Response => Reply::Nothing,
        Ok(question) => answer(question, zone),
        Err(_) => malformed(packet),
    }
}

/// As long as it has a header, whoever sent it can be told.
fn malformed(packet: &[u8]) -> Reply {
    if packet.len() < HEADER || packet[2] & IS_RESPONSE != 0 {
        return Reply::Nothing;
    }
    let id = u16::from_be_bytes([packet[0], packet[1]]);
    Reply::Send(Message::error_msg(id, OpCode::Query, ResponseCode::FormErr), None)
}

fn answer(mut question: Message, zone: &Zone) -> Reply {
    let asked = question.edns.take();
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata = Metadata::response_from_request(&question.metadata);
    reply.metadata.recursion_available = true;
    reply.edns = asked.as_ref().map(|_| edns());
    let refusal = refusal(&question, asked.as_ref());
    let query = question.queries.first().cloned();
    reply.queries = std::mem::take(&mut question.queries);
    match (refusal, query) {
        (Some(code), _) => {
            reply.metadata.response_code = code;
            Reply::Send(reply, asked)
        }
        (None, None) => Reply::Nothing,
        (None, Some(query)) => look_up(reply, asked, &query, zone),
    }
}

fn refusal(question: &Message, asked: Option<&Edns>) -> Option<ResponseCode> {
    if question.metadata.op_code != OpCode::Query {
        return Some(ResponseCode::NotImp);
    }
    if question.queries.len() != 1 {
        return Some(ResponseCode::FormErr);
    }
    if asked.is_some_and(|edns| edns.version() > 0) {
        return Some(ResponseCode::BADVERS);
    }
    let class = question.queries[0].query_class();
    (!matches!(class, DNSClass::IN | DNSClass::ANY)).then_some(ResponseCode::Refused)
}

/// Follows aliases as long as they stay in the zone.
fn look_up(mut reply: Message, asked: Option<Edns>, query: &Query, zone: &Zone) -> Reply {
    let mut name = query.name().clone();
    for _ in 0..LONGEST_CHAIN {
        let text = text_of(&name);
        let wire = Wire { asked: &text, serial: zone.serial() };
        match zone.answer(&text, kind(query.query_type())) {
            Answer::NotOurs => {
                return Reply::Ask(Box::new(Ask { name, kind: query.query_type(), answer: reply, asked }));
            }
            Answer::Missing(zone_name) => {
                reply.metadata.authoritative = true;
                reply.metadata.response_code = ResponseCode::NXDomain;
                reply.authorities.extend(start(&zone_name, zone.serial()));
                return Reply::Send(reply, asked);
            }
            Answer::Records { zone: zone_name, mut records, extra } => {
                reply.metadata.authoritative = true;
                rotate(&mut records, reply.metadata.id);
                let alias = alias_of(&records, query.query_type());
                reply.answers.extend(records.iter().filter_map(|one| record(one, &name, &wire)));
                reply.additionals.extend(extra.iter().filter_map(|one| record(one, &name, &wire)));
                let Some(target) = alias.and_then(|target| absolute(&target)) else {
                    if reply.answers.is_empty() {
                        reply.authorities.extend(start(&zone_name, zone.serial()));
                    }
                    return Reply::Send(reply, asked);
                };
                name = target;
            }
        }
    }
    reply.metadata.response_code = ResponseCode::ServFail;
    Reply::Send(reply, asked)
}

/// Clients take the first address; the order differs from question to question.
fn rotate<T>(records: &mut [T], by: u16) {
    if !records.is_empty() {
        records.rotate_left(usize::from(by) % records.len());
    }
}

/// Where to go on, if the answer is an alias and the alias was not what was wanted.
fn alias_of(records: &[netplan::zone::Record], wanted: RecordType) -> Option<String> {
    match records {
        [netplan::zone::Record { data: Data::Alias(target), .. }] if wanted != RecordType::CNAME => {
            Some(target.clone())
        }
        _ => None,
    }
}

/// As the zone spells names.
fn text_of(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    text.truncate(text.trim_end_matches('.').len());
    text
}

fn kind(kind: RecordType) -> Kind {
    match kind {
        RecordType::A => Kind::Ipv4,
        RecordType::AAAA => Kind::Ipv6,
        RecordType::SRV => Kind::Service,
        RecordType::PTR => Kind::Pointer,
        RecordType::TXT => Kind::Text,
        RecordType::SOA => Kind::Start,
        RecordType::NS => Kind::NameServer,
        RecordType::ANY => Kind::Any,
        _ => Kind::Other,
    }
}

impl Ask {
    /// The client's answer, once somebody has answered, or nobody has.
    pub fn finish(self, answered: Option<&Message>) -> (Message, Option<Edns>) {
        let Self { mut answer, asked, .. } = self;
        match answered {
            Some(message) => {
                answer.metadata.response_code = message.metadata.response_code;
                answer.answers.extend(message.answers.iter().cloned());
                answer.authorities.extend(message.authorities.iter().cloned());
                answer.additionals.extend(message.additionals.iter().cloned());
            }
            None => answer.metadata.response_code = ResponseCode::ServFail,
        }
        answer.metadata.authoritative = false;
        (answer, asked)
    }
}

/// How long an answer may be kept: as long as its shortest record, or what the zone says about missing names.
pub fn lifetime(message: &Message) -> u32 {
    let of_zone = |record: &Record| match &record.data {
        RData::SOA(start) => Some(start.minimum.min(record.ttl)),
        _ => None,
    };
    let answers = message.answers.iter().map(|record| record.ttl).min();
    answers.or_else(|| message.authorities.iter().find_map(of_zone)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::wire::{Transport, encode};
    use super::*;
    use netplan::{
        Desired, Endpoint, EndpointPort, Node, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot, plan,
    };
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
}
