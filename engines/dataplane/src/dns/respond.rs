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
    let refusal = refusal(&question, asked.as_ref()).or_else(|| unprepared(zone));
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

/// Before the first plan nobody can say whose a name is. Asked elsewhere, the cluster's own names would be missing, and
/// clients would remember that.
fn unprepared(zone: &Zone) -> Option<ResponseCode> {
    zone.domain().is_empty().then_some(ResponseCode::ServFail)
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
mod tests;
