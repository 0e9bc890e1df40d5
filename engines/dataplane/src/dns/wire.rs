//! The limits of messages, and records of the zone in the format of the wire.

use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record};
use netplan::zone::{self, Data};
use std::net::IpAddr;

/// Short, because nothing tells a client that a name has changed.
pub const TTL: u32 = 5;
/// What fits through every link without fragments.
const DATAGRAM: u16 = 1_232;
const PLAIN_DATAGRAM: u16 = 512;

/// How an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Datagram,
    Stream,
}

impl Transport {
    /// How long the answer to this question may be.
    fn limit(self, edns: Option<&Edns>) -> usize {
        match (self, edns) {
            (Self::Stream, _) => usize::from(u16::MAX),
            (Self::Datagram, None) => PLAIN_DATAGRAM.into(),
            (Self::Datagram, Some(edns)) => edns.max_payload().clamp(PLAIN_DATAGRAM, DATAGRAM).into(),
        }
    }
}

pub fn edns() -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(DATAGRAM);
    edns
}

/// What does not fit is left out: first what nobody asked for, then answers, and the client is told. One that cannot
/// ask again over a stream still gets as many addresses as there is room for.
pub fn encode(mut message: Message, asked: Option<&Edns>, transport: Transport) -> Option<Vec<u8>> {
    let limit = transport.limit(asked);
    let whole = message.to_vec().ok()?;
    if whole.len() <= limit {
        return Some(whole);
    }
    message.additionals.clear();
    let asked_for = message.to_vec().ok()?;
    if asked_for.len() <= limit {
        return Some(asked_for);
    }
    message.authorities.clear();
    message.metadata.truncation = true;
    cut(message, limit)
}

/// The most answers that fit, found by halving.
fn cut(mut message: Message, limit: usize) -> Option<Vec<u8>> {
    let answers = std::mem::take(&mut message.answers);
    let mut with = |count: usize| {
        message.answers = answers[..count].to_vec();
        message.to_vec().ok().filter(|bytes| bytes.len() <= limit)
    };
    let (mut fits, mut too_many) = (0, answers.len());
    while fits + 1 < too_many {
        let middle = fits.midpoint(too_many);
        if with(middle).is_some() {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    with(fits)
}

/// None: a name that DNS cannot carry.
pub fn record(from: &zone::Record, asked: &Name, zone: &Zone<'_>) -> Option<Record> {
    let name = if from.name == zone.asked { asked.clone() } else { absolute(&from.name)? };
    let data = match &from.data {
        Data::Address(IpAddr::V4(address)) => RData::A(A(*address)),
        Data::Address(IpAddr::V6(address)) => RData::AAAA(AAAA(*address)),
        Data::Alias(target) => RData::CNAME(CNAME(absolute(target)?)),
        Data::Pointer(target) => RData::PTR(PTR(absolute(target)?)),
        Data::Service { weight, port, target } => RData::SRV(SRV::new(0, *weight, *port, absolute(target)?)),
        Data::Text(text) => RData::TXT(TXT::new(vec![text.clone()])),
        Data::NameServer(server) => RData::NS(NS(absolute(server)?)),
        Data::Start => return start(&from.name, zone.serial),
    };
    Some(Record::from_rdata(name, TTL, data))
}

/// What records of an answer have in common.
pub struct Zone<'a> {
    /// The question's name as the zone spells it; the answer keeps the client's spelling.
    pub asked: &'a str,
    pub serial: u32,
}

pub fn start(zone: &str, serial: u32) -> Option<Record> {
    let (server, mailbox) = (absolute(&format!("ns.dns.{zone}"))?, absolute(&format!("hostmaster.{zone}"))?);
    let data = SOA::new(server, mailbox, serial, 7_200, 1_800, 86_400, TTL);
    Some(Record::from_rdata(absolute(zone)?, TTL, RData::SOA(data)))
}

pub fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}
