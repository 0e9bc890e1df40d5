//! Pure: which of the events that are told become new objects, which raise a count, and which are dropped; upstream's
//! numbers.

use jiff::{SignedDuration, Timestamp};
use meta::{CompactString, Key, Time, Value, value};
use plan::Event;
use std::collections::{BTreeMap, BTreeSet};

/// So many different messages of one kind within this interval become one event.
const SIMILAR_MAX: usize = 10;
const SIMILAR_INTERVAL: SignedDuration = SignedDuration::from_secs(600);
/// An object may tell so many events at once, and one more each five minutes.
const BURST: f64 = 25.0;
const SECONDS_EACH: f64 = 300.0;
/// What is remembered at most of each sort.
const MEMORY: usize = 4096;

pub(super) struct Correlator {
    source: &'static str,
    allowances: BTreeMap<String, Allowance>,
    similar: BTreeMap<String, Similar>,
    known: BTreeMap<String, Known>,
}

struct Allowance {
    left: f64,
    at: Timestamp,
}

struct Similar {
    messages: BTreeSet<String>,
    at: Timestamp,
}

struct Known {
    key: Key,
    count: i64,
    first: Timestamp,
    at: Timestamp,
}

/// An event as it is to stand in the API.
pub(super) struct Recorded {
    pub(super) key: Key,
    pub(super) object: Value,
}

impl Recorded {
    /// What changes of an event that was told before.
    pub(super) fn recount(&self) -> Option<Value> {
        let fields = ["count", "lastTimestamp", "message"].map(|field| (field, self.object.get(field).clone()));
        (self.object.int("count") > 1).then(|| Value::Map(fields.into_iter().collect()))
    }
}

impl Correlator {
    pub(super) fn new(source: &'static str) -> Correlator {
        Correlator { source, allowances: BTreeMap::new(), similar: BTreeMap::new(), known: BTreeMap::new() }
    }

    pub(super) fn observe(&mut self, event: &Event, now: Timestamp) -> Option<Recorded> {
        let about = identity_of(&event.about);
        if !self.allow(&about, now) {
            return None;
        }
        let sort = format!("{about} {} {}", event.kind.word(), event.reason);
        let (message, identity) = if self.is_one_of_many(&sort, &event.message, now) {
            (format!("(combined from similar events): {}", event.message), sort)
        } else {
            (event.message.clone(), format!("{sort} {}", event.message))
        };
        let source = self.source;
        let known = self.count(identity, event, now);
        Some(Recorded { key: known.key.clone(), object: object(source, event, &message, known) })
    }

    fn allow(&mut self, about: &str, now: Timestamp) -> bool {
        forget_oldest(&mut self.allowances, |allowance| allowance.at);
        let allowance = self.allowances.entry(about.into()).or_insert(Allowance { left: BURST, at: now });
        let earned = now.duration_since(allowance.at).as_secs_f64().max(0.0) / SECONDS_EACH;
        allowance.left = (allowance.left + earned).min(BURST);
        allowance.at = now;
        let allowed = allowance.left >= 1.0;
        if allowed {
            allowance.left -= 1.0;
        }
        allowed
    }

    fn is_one_of_many(&mut self, sort: &str, message: &str, now: Timestamp) -> bool {
        forget_oldest(&mut self.similar, |similar| similar.at);
        let similar = self.similar.entry(sort.into()).or_insert(Similar { messages: BTreeSet::new(), at: now });
        if now.duration_since(similar.at) > SIMILAR_INTERVAL {
            similar.messages.clear();
        }
        similar.at = now;
        similar.messages.insert(message.into());
        if similar.messages.len() < SIMILAR_MAX {
            return false;
        }
        similar.messages.pop_first(); // bounded: the count, not the texts, is what matters from here on
        true
    }

    fn count(&mut self, identity: String, event: &Event, now: Timestamp) -> &Known {
        forget_oldest(&mut self.known, |known| known.at);
        let new = || Known { key: name(event, now), count: 0, first: now, at: now };
        let known = self.known.entry(identity).or_insert_with(new);
        known.count += 1;
        known.at = now;
        known
    }
}

/// Whom an event is about, at whatever version.
fn identity_of(about: &Value) -> String {
    ["apiVersion", "kind", "namespace", "name", "uid", "fieldPath"].map(|field| about.str(field)).join(" ")
}

fn forget_oldest<T>(memory: &mut BTreeMap<String, T>, at: impl Fn(&T) -> Timestamp) {
    if memory.len() < MEMORY {
        return;
    }
    let mut times: Vec<Timestamp> = memory.values().map(&at).collect();
    times.sort();
    let median = times[MEMORY / 2];
    memory.retain(|_, remembered| at(remembered) > median);
}

/// `web.17f3a...`: the object's name and the moment in nanoseconds.
fn name(event: &Event, now: Timestamp) -> Key {
    let namespace = Some(event.about.str("namespace")).filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    Key::new(namespace, format!("{}.{:x}", event.about.str("name"), now.as_nanosecond()))
}

fn object(source: &'static str, event: &Event, message: &str, known: &Known) -> Value {
    let (first, last) = (Time(known.first).to_string(), Time(known.at).to_string());
    let mut object = value!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": (&known.key.name), "namespace": (&known.key.namespace)},
        "involvedObject": (event.about.clone()),
        "reason": (&event.reason),
        "message": message,
        "type": (CompactString::const_new(event.kind.word())),
        "source": {"component": source},
        "reportingComponent": source,
        "reportingInstance": "",
        "firstTimestamp": first,
        "lastTimestamp": last
    });
    object.set("count", known.count);
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use plan::{EventType, When};

    fn told(message: &str) -> Event {
        let about = value!({"kind": "Pod", "name": "a", "namespace": "n"});
        Event { about, kind: EventType::Normal, reason: "Pulled".into(), message: message.into(), when: When::Always }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_same_again_is_counted() {
        let mut correlator = Correlator::new("test");
        let first = correlator.observe(&told("x"), at(0)).unwrap();
        assert_eq!((first.recount(), first.key.namespace.as_str()), (None, "n"));
        let mut later = told("x");
        later.about.set("resourceVersion", "7");
        let second = correlator.observe(&later, at(9)).unwrap();
        assert_eq!(second.key, first.key);
        let patch = value!({"count": 2, "lastTimestamp": "2027-01-15T08:00:09Z", "message": "x"});
        assert_eq!(second.recount(), Some(patch));
    }

    #[test]
    fn many_similar_become_one() {
        let mut correlator = Correlator::new("test");
        let mut names = BTreeSet::new();
        for i in 0..20 {
            let recorded = correlator.observe(&told(&format!("message {i}")), at(i)).unwrap();
            names.insert(recorded.key.name.clone());
            let combined = recorded.object.str("message").starts_with("(combined from similar events): ");
            assert_eq!(combined, i >= 9, "{i}");
        }
        assert_eq!(names.len(), 10);
    }

    #[test]
    fn a_chatterbox_is_cut_short() {
        let mut correlator = Correlator::new("test");
        let heard = |correlator: &mut Correlator, second| correlator.observe(&told("x"), at(second)).is_some();
        assert_eq!((0..100).filter(|_| heard(&mut correlator, 0)).count(), 25);
        assert!(!heard(&mut correlator, 299));
        assert!(heard(&mut correlator, 301));
    }
}
