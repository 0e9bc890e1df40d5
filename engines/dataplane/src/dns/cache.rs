//! Answers of others, for a moment: enough to spare the resolvers a search path's worth of repeats.

use super::respond::lifetime;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::collections::HashMap;

const LONGEST: u32 = 30;
const MOST: usize = 4_096;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// In lower case.
    pub name: Name,
    pub kind: RecordType,
}

#[derive(Default)]
pub struct Cache(HashMap<Question, Entry>);

struct Entry {
    message: Message,
    since: i64,
    until: i64,
}

impl Cache {
    /// `now` in seconds. The records have aged meanwhile.
    pub fn get(&self, question: &Question, now: i64) -> Option<Message> {
        let entry = self.0.get(question).filter(|entry| (entry.since..entry.until).contains(&now))?;
        let age = u32::try_from(now - entry.since).unwrap_or(u32::MAX);
        let mut message = entry.message.clone();
        for record in message.answers.iter_mut().chain(&mut message.authorities).chain(&mut message.additionals) {
            record.decrement_ttl(age);
        }
        Some(message)
    }

    pub fn put(&mut self, question: Question, message: &Message, now: i64) {
        let worth = matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain);
        let lifetime = lifetime(message).min(LONGEST);
        if !worth || message.metadata.truncation || lifetime == 0 {
            return;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, entry| (entry.since..entry.until).contains(&now));
        }
        // Full of what is still good: start anew, rather than keep order for a cache of seconds.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let until = now + i64::from(lifetime);
        self.0.insert(question, Entry { message: message.clone(), since: now, until });
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{absolute, start};
    use super::*;
    use hickory_proto::op::OpCode;
    use hickory_proto::rr::{RData, Record, rdata::A};

    fn question(name: &str) -> Question {
        Question { name: absolute(name).unwrap(), kind: RecordType::A }
    }

    fn message(ttl: u32) -> Message {
        let mut message = Message::response(1, OpCode::Query);
        let data = RData::A(A([1, 2, 3, 4].into()));
        message.add_answer(Record::from_rdata(absolute("a").unwrap(), ttl, data));
        message
    }

    #[test]
    fn answers_age_and_leave() {
        let mut cache = Cache::default();
        cache.put(question("a"), &message(20), 100);
        assert_eq!(cache.get(&question("a"), 107).unwrap().answers[0].ttl, 13);
        assert!(cache.get(&question("a"), 120).is_none());
        assert!(cache.get(&question("a"), 99).is_none(), "the clock went back");
        assert!(cache.get(&question("b"), 100).is_none());
    }

    #[test]
    fn what_is_kept() {
        let kept = |message: &Message, after: i64| {
            let mut cache = Cache::default();
            cache.put(question("a"), message, 0);
            cache.get(&question("a"), after).is_some()
        };
        assert!(!kept(&message(0), 0));
        assert!(kept(&message(9_999), 29) && !kept(&message(9_999), 30));
        let failure = Message::error_msg(1, OpCode::Query, ResponseCode::ServFail);
        assert!(!kept(&failure, 0));
        let mut missing = Message::error_msg(1, OpCode::Query, ResponseCode::NXDomain);
        assert!(!kept(&missing, 0), "nobody said for how long");
        missing.authorities.extend(start("example.com", 1));
        assert!(kept(&missing, 4) && !kept(&missing, 5));
    }

    #[test]
    fn it_stays_small() {
        let mut cache = Cache::default();
        for number in 0..=MOST {
            cache.put(question(&format!("n{number}")), &message(30), 0);
        }
        assert!(cache.0.len() <= MOST);
        assert!(cache.get(&question(&format!("n{MOST}")), 1).is_some());
    }
}
