//! What is measured: each figure with its meaning and its budget. The list is the order of every report.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// This many times better than upstream on the same machine.
    Times(f64),
    AtLeast(f64),
    AtMost(f64),
    /// Told beside the others.
    None,
}

pub struct Meaning {
    pub name: &'static str,
    pub what: &'static str,
    pub unit: &'static str,
    pub more_is_better: bool,
    pub budget: Budget,
}

const fn less(name: &'static str, what: &'static str, unit: &'static str, budget: Budget) -> Meaning {
    Meaning { name, what, unit, more_is_better: false, budget }
}

const fn more(name: &'static str, what: &'static str, unit: &'static str, budget: Budget) -> Meaning {
    Meaning { name, what, unit, more_is_better: true, budget }
}

pub const FIGURES: [Meaning; 33] = [
    less("start", "from exec to the first answer, empty directory", "ms", Budget::AtMost(100.0)),
    less("empty", "T9 resident memory of an empty server", "MiB", Budget::AtMost(40.0)),
    less("create-cpu", "T1 server CPU of 1,000 creates of 1 KiB, many in flight", "s", Budget::Times(10.0)),
    more("create-rate", "T1 durable creates a second", "1/s", Budget::AtLeast(10_000.0)),
    less("create-p50", "T1 time of a create, median", "ms", Budget::None),
    less("create-p99", "T1 time of a create, 99th percentile", "ms", Budget::None),
    less("select-cpu", "T5 server CPU of a label selector that matches nothing", "ms", Budget::Times(30.0)),
    less("select-p50", "T5 time of such a list, median", "ms", Budget::None),
    less("serial-p50", "T2 create by one client, median", "ms", Budget::Times(5.0)),
    less("serial-p99", "T2 create by one client, 99th percentile", "ms", Budget::None),
    less("serial-beyond", "T2 median beyond the disk's own write and sync", "ms", Budget::AtMost(0.35)),
    less("get-cpu", "T3 server CPU of 1,000 GETs", "s", Budget::Times(8.0)),
    more("get-rate", "T3 GETs a second", "1/s", Budget::None),
    less("get-p99", "T3 time of a GET, 99th percentile", "ms", Budget::None),
    less("pod-memory", "T9 resident memory a pod of 5.5 KB", "KiB", Budget::AtMost(10.0)),
    less("list-cpu", "T4 server CPU of a list of all pods, JSON", "ms", Budget::Times(20.0)),
    less("list-p50", "T4 time of that list, median", "ms", Budget::None),
    less("list-peak", "T4 growth of the memory's peak by these lists", "MiB", Budget::AtMost(2.0)),
    less("list-protobuf-cpu", "T4 server CPU of the same list, protobuf", "ms", Budget::None),
    less("list-pages-cpu", "T4 server CPU of the same list in pages of 500", "ms", Budget::None),
    less("watch-cpu", "T6 server CPU of one event to one watcher", "us", Budget::Times(10.0)),
    more("watch-rate", "T6 events delivered a second", "1/s", Budget::AtLeast(300_000.0)),
    less("watch-lag-p50", "T6 from the request to the event, median", "ms", Budget::None),
    less("watch-lag-p99", "T6 from the request to the event, 99th percentile", "ms", Budget::AtMost(20.0)),
    less("watch-ended", "T6 watches that the server ended for being slow", "", Budget::None),
    less("steady-cpu", "T6 server CPU of one event to one watcher with 300 events a second", "us", Budget::None),
    less("steady-lag-p50", "T6 the same with 300 events a second, median", "ms", Budget::None),
    less("steady-lag-p99", "T6 the same with 300 events a second, 99th percentile", "ms", Budget::AtMost(20.0)),
    less("watch-memory", "T7 memory of an idle watch among others of its connection", "KiB", Budget::AtMost(4.0)),
    less("connection-memory", "T7 memory of an idle watch with a TLS connection of its own", "KiB", Budget::None),
    less(
        "informers-memory",
        "T8 growth of the memory's peak by informers that list all pods at once",
        "MiB",
        Budget::AtMost(100.0),
    ),
    less("informers-time", "T8 until all informers have their list", "s", Budget::None),
    less("reopen", "T21 from exec to the first answer, a million objects, after a kill", "s", Budget::AtMost(2.0)),
];

/// The figures of one run.
#[derive(Default)]
pub struct Figures(pub BTreeMap<&'static str, f64>);

impl Figures {
    pub fn put(&mut self, name: &'static str, value: f64) {
        let meaning = FIGURES.iter().find(|meaning| meaning.name == name).expect("every figure has a meaning");
        println!("{:>12.3} {:<4} {}", value, meaning.unit, meaning.what);
        self.0.insert(name, value);
    }
}
