//! What the engines rely on and no caller can see: invisibility before publication, and books that balance.

use super::*;
use crate::{Error, Expect, Txn, WatchFrom};
use clock::{Clock, VirtualClock};
use std::time::Duration;

const NOW: u64 = 1_000_000;

fn now() -> Deadline {
    Deadline::at(NOW)
}

fn put(machine: &mut Machine, key: &str, value: &str) -> u64 {
    let txn = Txn::new().put(key, value.to_owned());
    machine.sequence(txn, now()).expect("it is valid").answer.revision
}

fn value(machine: &Machine, key: &str) -> Option<String> {
    let (_, record) = machine.get(key, None).expect("the newest is readable");
    record.map(|record| String::from_utf8_lossy(&record.value).into_owned())
}

#[test]
fn what_is_sequenced_is_judged_by_but_not_shown() {
    let mut machine = Machine::new();
    let watcher = machine.subscribe(&WatchFrom::now(""));
    let first = put(&mut machine, "a", "1");
    assert_eq!(value(&machine, "a"), None);
    assert_eq!(machine.read_watch(&watcher), None);
    let future = machine.get("a", Some(first));
    assert!(matches!(future, Err(Error::FutureRevision { .. })), "{future:?}");
    let taken = Txn::new().expect("a", Expect::Absent).or_read("a");
    assert!(!machine.sequence(taken, now()).unwrap().answer.succeeded);

    put(&mut machine, "a", "2");
    machine.publish(first).send();
    assert_eq!(value(&machine, "a").as_deref(), Some("1"));
    let batch = machine.read_watch(&watcher).expect("an event").expect("no error");
    assert_eq!((batch.revision, batch.events.len()), (first, 1));
    assert_eq!(machine.read_watch(&watcher), None);
}

#[test]
fn what_is_rolled_back_never_was() {
    let mut machine = Machine::new();
    let kept = put(&mut machine, "a", "1");
    machine.publish(kept).send();
    let before = machine.size();
    put(&mut machine, "a", "2");
    put(&mut machine, "b", "3");
    machine.sequence(Txn::new().delete("a"), now()).unwrap();
    machine.roll_back();
    assert_eq!((machine.sequenced(), machine.size()), (kept, before));
    assert_eq!(put(&mut machine, "b", "4"), kept + 1);
    machine.publish(kept + 1).send();
    assert_eq!((value(&machine, "a").as_deref(), value(&machine, "b").as_deref()), (Some("1"), Some("4")));
}

#[test]
fn a_pin_holds_the_floor() {
    let mut machine = Machine::new();
    let revisions = [put(&mut machine, "a", "1"), put(&mut machine, "a", "2"), put(&mut machine, "a", "3")];
    machine.publish(revisions[2]).send();
    machine.compact(revisions[1]).send();
    let floor = machine.pin();
    machine.compact(revisions[2]).send();
    while machine.prune(1) {}
    let page = machine.page(None, floor, usize::MAX);
    assert_eq!(page.iter().map(|restored| &restored.record.value[..]).collect::<Vec<_>>(), [b"1"]);
    machine.unpin();
    while machine.prune(1) {}
    assert_eq!(machine.page(None, floor, usize::MAX), []);
    assert_eq!(value(&machine, "a").as_deref(), Some("3"));
}

/// Whatever happens, the running sums are what counting everything gives.
#[test]
fn the_books_balance() {
    for seed in 0..200 {
        let dice = VirtualClock::new(seed);
        let mut machine = Machine::new();
        for _ in 0..100 {
            act(&mut machine, &dice);
            check_books(&machine, seed);
        }
    }
}

fn act(machine: &mut Machine, dice: &VirtualClock) {
    let below = |limit: u64| dice.random() % limit;
    let key = format!("{}", below(6));
    let value = vec![0_u8; below(50) as usize];
    match below(12) {
        0..=4 => drop(machine.sequence(Txn::new().put(key, value), now())),
        5 => drop(machine.sequence(Txn::new().put_for(Duration::from_millis(below(20)), key, value), now())),
        6 => drop(machine.sequence(Txn::new().delete(key), now())),
        7 => drop(machine.expire(Deadline::at(NOW + below(20)), 2)),
        8..=9 => machine.publish(machine.published + below(machine.sequenced - machine.published + 1)).send(),
        10 => machine.roll_back(),
        _ => {
            let at = machine.published - below(4).min(machine.published - 1);
            if machine.check_compact(at).is_ok() {
                machine.compact(at).send();
                machine.prune(below(10) as usize);
            }
        }
    }
}

fn check_books(machine: &Machine, seed: u64) {
    let chains = || machine.index.iter();
    let live: u64 = chains().map(|(key, chain)| chain.newest().live_weight(key)).sum();
    let total: u64 = chains().map(|(key, chain)| chain.weight(key)).sum();
    assert_eq!((machine.live_bytes, machine.total_bytes), (live, total), "seed {seed}");
    let mut deadlines: Vec<_> =
        chains().filter_map(|(key, chain)| Some((chain.newest().expires?, key.clone()))).collect();
    deadlines.sort();
    assert_eq!(
        machine.expiries.due(Deadline::at(u64::MAX), usize::MAX),
        deadlines.iter().map(|(_, key)| key.clone()).collect::<Vec<_>>(),
        "seed {seed}"
    );
    assert_eq!(machine.next_deadline(), deadlines.first().map(|(deadline, _)| *deadline), "seed {seed}");
}
