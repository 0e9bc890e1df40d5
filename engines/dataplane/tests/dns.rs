//! The name server over real sockets of the loopback link, with a resolver behind it that the test plays.

use clock::SystemClock;
use dataplane::dns::{DnsServer, Forwarder, Names};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use netplan::{Desired, Node, Service, ServiceKey, Snapshot, plan};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
/// Another host: who is asked must not be who asks.
const RESOLVER: (Ipv4Addr, u16) = (Ipv4Addr::new(127, 0, 0, 2), 0);

fn snapshot(services: &[(&str, [u8; 4])]) -> Snapshot {
    let mut now = Snapshot {
        node: Arc::new(Node { cluster_domain: "cluster.local".into(), ..Node::default() }),
        ..Snapshot::default()
    };
    for (name, address) in services {
        let service = Service { cluster_ips: vec![(*address).into()], ..Service::default() };
        now.services.insert(ServiceKey::new("n", name), Arc::new(service));
    }
    now
}

/// Names of a cluster without services.
fn no_names() -> Names {
    let names = Names::default();
    names.publish(plan(&Desired::default(), &snapshot(&[])).zone);
    names
}

async fn serve(names: &Names, upstreams: Vec<SocketAddr>) -> SocketAddr {
    let forwarder = Forwarder::new(upstreams, Arc::new(SystemClock));
    let server = DnsServer::bind(LOOPBACK.into(), names.clone(), forwarder).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run());
    address
}

fn question(name: &str) -> Message {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message
}

async fn exchange(server: SocketAddr, packet: &[u8]) -> Option<Message> {
    let socket = UdpSocket::bind(LOOPBACK).await.unwrap();
    socket.send_to(packet, server).await.unwrap();
    let mut buffer = [0; 4_096];
    let (length, _) = timeout(Duration::from_secs(5), socket.recv_from(&mut buffer)).await.ok()?.unwrap();
    Some(Message::from_vec(&buffer[..length]).unwrap())
}

async fn ask(server: SocketAddr, name: &str) -> (ResponseCode, Vec<String>) {
    let answer = exchange(server, &question(name).to_vec().unwrap()).await.expect("an answer");
    assert_eq!(answer.metadata.id, 4711);
    (answer.metadata.response_code, answer.answers.iter().map(|record| record.data.to_string()).collect())
}

fn answered(question: &Message, addresses: u8, truncated: bool) -> Vec<u8> {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(question.queries[0].clone());
    answer.metadata.truncation = truncated;
    for last in 1..=addresses {
        let name = question.queries[0].name().clone();
        answer.add_answer(Record::from_rdata(name, 300, RData::A(A([192, 0, 2, last].into()))));
    }
    answer.to_vec().unwrap()
}

/// A resolver that knows one address of every name, and counts what it is asked. Names that start with "long" have
/// more than a datagram takes, those with "bad" get somebody else's answer first.
async fn resolver() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind(RESOLVER).await.unwrap();
    let address = socket.local_addr().unwrap();
    let streams = TcpListener::bind(address).await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            count.fetch_add(1, Ordering::Relaxed);
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let name = question.queries[0].name().to_ascii();
            if name.starts_with("bad") {
                let mut forged = answered(&question, 9, false);
                forged[0] ^= 1;
                socket.send_to(&forged, from).await.unwrap();
            }
            socket.send_to(&answered(&question, 1, name.starts_with("long")), from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = streams.accept().await {
            let mut packet = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut packet).await.unwrap();
            let answer = answered(&Message::from_vec(&packet).unwrap(), 40, false);
            stream.write_u16(answer.len() as u16).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_change_is_visible_with_the_next_question() {
    let names = Names::default();
    let server = serve(&names, Vec::new()).await;
    let mut desired = Desired::default();
    for last in 1..50 {
        desired = plan(&desired, &snapshot(&[("web", [10, 96, 0, last])]));
        names.publish(desired.zone.clone());
        let expect = (ResponseCode::NoError, vec![format!("10.96.0.{last}")]);
        assert_eq!(ask(server, "web.n.svc.cluster.local.").await, expect);
    }
    assert_eq!(ask(server, "gone.n.svc.cluster.local.").await.0, ResponseCode::NXDomain);
}

#[tokio::test]
async fn before_the_first_plan_nothing_is_missing() {
    let (upstream, asked) = resolver().await;
    let server = serve(&Names::default(), vec![upstream]).await;
    assert_eq!(ask(server, "web.n.svc.cluster.local.").await.0, ResponseCode::ServFail);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn other_names_are_asked_of_the_resolvers_and_kept() {
    let (upstream, asked) = resolver().await;
    let server = serve(&no_names(), vec![upstream]).await;
    let one = (ResponseCode::NoError, vec!["192.0.2.1".to_owned()]);
    for _ in 0..3 {
        assert_eq!(ask(server, "Example.com.").await, one);
        assert_eq!(ask(server, "example.COM.").await, one);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(ask(server, "bad.example.com.").await, one, "a forged answer is not one");
}

#[tokio::test]
async fn a_cut_answer_is_fetched_whole() {
    let (upstream, _) = resolver().await;
    let server = serve(&no_names(), vec![upstream]).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    let packet = question("long.example.com.").to_vec().unwrap();
    stream.write_u16(packet.len() as u16).await.unwrap();
    stream.write_all(&packet).await.unwrap();
    let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(Message::from_vec(&answer).unwrap().answers.len(), 40);
}

#[tokio::test]
async fn the_next_resolver_is_asked_when_one_is_gone() {
    let gone = UdpSocket::bind(RESOLVER).await.unwrap().local_addr().unwrap();
    let (upstream, _) = resolver().await;
    let server = serve(&no_names(), vec![gone, upstream]).await;
    assert_eq!(ask(server, "example.com.").await.1, ["192.0.2.1"]);
    let alone = serve(&no_names(), vec![gone]).await;
    assert_eq!(ask(alone, "example.com.").await.0, ResponseCode::ServFail);
}

/// A resolver that asks us what we ask it ends with a failure, not with a storm.
#[tokio::test]
async fn circles_end() {
    let names = no_names();
    let first = UdpSocket::bind(RESOLVER).await.unwrap().local_addr().unwrap();
    let forwarder = |to| Forwarder::new(vec![to], Arc::new(SystemClock));
    let second = DnsServer::bind(LOOPBACK.into(), names.clone(), forwarder(first)).await.unwrap();
    let server = DnsServer::bind(first, names, forwarder(second.address().unwrap())).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run());
    tokio::spawn(second.run());
    assert_eq!(ask(address, "example.com.").await.0, ResponseCode::ServFail);
}

#[tokio::test]
async fn broken_packets_are_answered_or_ignored() {
    let server = serve(&no_names(), Vec::new()).await;
    let whole = question("web.n.svc.cluster.local.").to_vec().unwrap();
    assert_eq!(exchange(server, &whole[..14]).await.unwrap().metadata.response_code, ResponseCode::FormErr);
    let socket = UdpSocket::bind(LOOPBACK).await.unwrap();
    socket.send_to(&[], server).await.unwrap();
    socket.send_to(&[1, 2, 3], server).await.unwrap();
    assert!(exchange(server, &whole).await.is_some(), "still there");
}

#[tokio::test]
async fn streams_carry_several_questions() {
    let names = Names::default();
    names.publish(plan(&Desired::default(), &snapshot(&[("web", [10, 96, 0, 1])])).zone);
    let mut stream = TcpStream::connect(serve(&names, Vec::new()).await).await.unwrap();
    for _ in 0..3 {
        let packet = question("web.n.svc.cluster.local.").to_vec().unwrap();
        stream.write_u16(packet.len() as u16).await.unwrap();
        stream.write_all(&packet).await.unwrap();
        let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(Message::from_vec(&answer).unwrap().answers.len(), 1);
    }
}
