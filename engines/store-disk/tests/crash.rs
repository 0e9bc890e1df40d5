//! The crash loop: seeded power cuts at every operation of the disk, in writing, rotating, snapshotting and opening.
//!
//! After each, the store must be the oracle at some revision between the last that anyone was told of and the last that
//! was asked for; history and compaction included. A failing seed prints the command that replays it.

use clock::{Clock, VirtualClock};
use futures::future::{BoxFuture, FutureExt, ready};
use futures::stream::StreamExt;
use std::sync::Arc;
use store::suite::Oracle;
use store::{Error, Event, Expect, Range, Store, Txn, TxnAnswer, Watch, WatchFrom};
use store_disk::{DiskStore, Limits, SimDisk, Stepper, open_stepped};

const CRASHES_PER_SEED: u64 = 20;
const SEEDS_PER_TEST: u64 = 1300;
/// A life in which the power stays on ends after so many.
const ACTIONS: u64 = 300;
const REPLAY: &str = "STORE_CRASH_SEED";

#[test]
fn crashes_of_the_first_quarter() {
    crash_all(0);
}

#[test]
fn crashes_of_the_second_quarter() {
    crash_all(1);
}

#[test]
fn crashes_of_the_third_quarter() {
    crash_all(2);
}

#[test]
fn crashes_of_the_fourth_quarter() {
    crash_all(3);
}

/// Runs the seed that a failure named; without one it has nothing to repeat.
#[test]
fn replay() {
    if let Ok(seed) = std::env::var(REPLAY) {
        World::new(seed.parse().expect("a seed is a number")).run();
    }
}

fn crash_all(quarter: u64) {
    let mut crashes = 0;
    for seed in quarter * SEEDS_PER_TEST..(quarter + 1) * SEEDS_PER_TEST {
        let run = std::panic::catch_unwind(|| World::new(seed).run());
        crashes += run.unwrap_or_else(|_| {
            panic!("seed {seed} failed, replay it: {REPLAY}={seed} cargo test -p store-disk --test crash replay")
        });
    }
    assert!(crashes >= 100_000 / 4, "only {crashes} crashes");
}

/// What outlives a crash: the disk, and what is known of it.
struct World {
    clock: Arc<VirtualClock>,
    disk: SimDisk,
    limits: Limits,
    oracle: Oracle,
    /// The newest revision that anyone was told of.
    told: u64,
    /// The newest compaction that was answered, and the newest that was asked for.
    compacted: u64,
    compaction_asked: u64,
}

/// What a crash ends.
struct Life {
    store: Arc<DiskStore>,
    stepper: Stepper,
    watch: Watch,
    watched: Vec<Event>,
    watched_from: u64,
    pending: Vec<Pending>,
}

struct Pending {
    answer: BoxFuture<'static, Answer>,
    expect: Expected,
}

enum Answer {
    Txn(Result<TxnAnswer, Error>),
    Compacted(Result<(), Error>),
}

enum Expected {
    Txn(TxnAnswer),
    Compacted(u64),
}

impl World {
    fn new(seed: u64) -> World {
        let clock = Arc::new(VirtualClock::new(seed));
        let small = |clock: &VirtualClock, base: u64| base + clock.random() % base;
        let limits = Limits {
            segment_min: small(&clock, 300),
            segment_max: small(&clock, 1500),
            garbage_min: small(&clock, 400),
            batch: small(&clock, 200) as usize,
            room: (clock.random() % 2000) as usize,
        };
        World {
            disk: SimDisk::new(clock.random()),
            clock,
            limits,
            oracle: Oracle::default(),
            told: 1,
            compacted: 1,
            compaction_asked: 1,
        }
    }

    fn below(&self, limit: u64) -> u64 {
        self.clock.random() % limit
    }

    fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn run(mut self) -> u64 {
        for _ in 0..CRASHES_PER_SEED {
            if self.one_in(4) {
                self.disk.cut_power_after(self.below(8));
            }
            if let Some(mut life) = self.open() {
                let cut = 1 + self.below(70);
                self.disk.cut_power_after(cut);
                self.live(&mut life);
                self.check_watch(&life);
            }
            self.disk.restart();
        }
        self.open().expect("the power is on");
        CRASHES_PER_SEED
    }

    /// None when the power goes while opening.
    fn open(&mut self) -> Option<Life> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let (store, stepper) = match open_stepped(Arc::new(self.disk.clone()), clock, self.limits) {
            Ok(opened) => opened,
            Err(error) => {
                assert!(!self.disk.powered(), "a store does not open after a crash: {error}");
                return None;
            }
        };
        self.check_recovered(&store);
        let from = self.oracle.oldest();
        let watch = watch(&store, from);
        Some(Life { store, stepper, watch, watched: Vec::new(), watched_from: from, pending: Vec::new() })
    }

    fn check_recovered(&mut self, store: &DiskStore) {
        let revision = revision(store);
        let asked = self.oracle.revision();
        assert!(revision >= self.told, "revision {revision} is before {}, which was told", self.told);
        assert!(revision <= asked, "revision {revision} is after {asked}, the last there was");
        self.oracle.truncate(revision);
        self.told = revision;

        let oldest = oldest(store);
        assert!(oldest >= self.compacted, "a compaction at {} was undone to {oldest}", self.compacted);
        assert!(oldest <= self.compaction_asked.min(revision), "compacted at {oldest}, which nobody asked for");
        self.oracle.compact(oldest);
        (self.compacted, self.compaction_asked) = (oldest, oldest);

        for at in [oldest, oldest + self.below(revision - oldest + 1), revision] {
            self.check_state(store, at);
        }
        let (events, _) = read(&mut watch(store, oldest));
        assert_eq!(events, self.oracle.events(oldest), "the history since {oldest}");
    }

    fn check_state(&self, store: &DiskStore, at: u64) {
        let read =
            store.range(Range::prefix("").at(at)).now_or_never().expect("reads do not wait").expect("it is kept");
        let expect: Vec<_> = self.oracle.state(at).values().cloned().collect();
        assert_eq!(read.records, expect, "the state at {at}");
    }

    fn live(&mut self, life: &mut Life) {
        for _ in 0..ACTIONS {
            self.act(life);
            let end = self.collect(life);
            self.look(life);
            if end {
                return;
            }
        }
    }

    fn act(&mut self, life: &mut Life) {
        match self.below(40) {
            0..=17 => self.write(life),
            18..=29 => drop(life.stepper.commit()),
            30..=34 => drop(life.stepper.checkpoint()),
            35..=37 => self.compact(life),
            38 if self.one_in(8) => self.disk.fail_sync_after(self.below(3)),
            38 if self.one_in(4) => self.disk.limit_space(Some(self.below(300))),
            38 => self.disk.limit_space(None),
            _ => self.check_state(&life.store, self.told),
        }
    }

    fn write(&mut self, life: &mut Life) {
        let txn = self.random_txn();
        let expect = self.oracle.txn(&txn);
        let store = life.store.clone();
        let answer = async move { Answer::Txn(store.txn(txn).await) }.boxed();
        self.submit(life, answer, Expected::Txn(expect));
    }

    fn random_txn(&self) -> Txn {
        let mut txn = Txn::new();
        for _ in 0..=self.below(3) {
            let key = format!("/{}", self.below(8));
            if txn.ops.iter().any(|op| **op.key() == key) {
                continue;
            }
            if self.one_in(4) {
                let modified = self.oracle.newest().get(&*key).map_or(0, |record| record.modified);
                let stale = self.below(3) / 2;
                txn = txn.expect(key.clone(), Expect::Modified(modified + stale)).or_read(key.clone());
            }
            txn = if self.one_in(4) { txn.delete(key) } else { txn.put(key, self.random_value()) };
        }
        txn
    }

    fn random_value(&self) -> Vec<u8> {
        let length = if self.one_in(12) { 3000 + self.below(4000) } else { self.below(120) };
        vec![self.clock.random() as u8; length as usize]
    }

    fn compact(&mut self, life: &mut Life) {
        let published = revision(&life.store);
        let at = published.saturating_sub(self.below(6));
        if at <= self.compaction_asked {
            return;
        }
        self.compaction_asked = at;
        let store = life.store.clone();
        let answer = async move { Answer::Compacted(store.compact(at).await) }.boxed();
        self.submit(life, answer, Expected::Compacted(at));
    }

    /// The first poll sequences: the oracle and the store decide in the same order.
    fn submit(&mut self, life: &mut Life, mut answer: BoxFuture<'static, Answer>, expect: Expected) {
        let answer = match (&mut answer).now_or_never() {
            Some(at_once) => ready(at_once).boxed(),
            None => answer,
        };
        life.pending.push(Pending { answer, expect });
    }

    /// Takes the answers that have come; true when there is no more to come from this life.
    fn collect(&mut self, life: &mut Life) -> bool {
        let (mut refused, mut lost) = (false, false);
        for mut pending in std::mem::take(&mut life.pending) {
            match (&mut pending.answer).now_or_never() {
                None => life.pending.push(pending),
                Some(answer) => match self.answered(&answer, &pending.expect) {
                    None => {}
                    Some(Error::Unavailable { .. }) => refused = true,
                    Some(Error::OutcomeUnknown { .. }) => lost = true,
                    Some(error) => panic!("a valid call was refused: {error}"),
                },
            }
        }
        if lost || !self.disk.powered() {
            return true;
        }
        if refused {
            assert!(life.pending.is_empty(), "what came after a refused write cannot stand");
            self.oracle.truncate(revision(&life.store));
        }
        false
    }

    fn answered(&mut self, answer: &Answer, expect: &Expected) -> Option<Error> {
        match (answer, expect) {
            (Answer::Txn(Ok(answer)), Expected::Txn(expect)) => {
                assert_eq!(answer, expect);
                self.told = self.told.max(answer.revision);
                None
            }
            (Answer::Compacted(Ok(())), Expected::Compacted(at)) => {
                self.compacted = self.compacted.max(*at);
                self.oracle.compact(*at);
                None
            }
            (Answer::Txn(Err(error)) | Answer::Compacted(Err(error)), _) => Some(error.clone()),
            _ => unreachable!("a call gets the answer of its kind"),
        }
    }

    /// What readers and watchers see has been told: no crash may take it back.
    fn look(&mut self, life: &mut Life) {
        let published = revision(&life.store);
        assert!(published >= self.told, "an answered revision is not visible");
        self.told = published;
        let (events, _) = read(&mut life.watch);
        if let Some(last) = events.last() {
            assert!(last.revision() <= published, "a watcher is ahead of readers");
        }
        life.watched.extend(events);
    }

    fn check_watch(&self, life: &Life) {
        let all = self.oracle.events(life.watched_from);
        assert!(life.watched.len() <= all.len(), "a watcher saw what was never asked for");
        assert_eq!(life.watched, all[..life.watched.len()], "a watcher saw another story");
    }
}

fn revision(store: &DiskStore) -> u64 {
    store.revision().now_or_never().expect("it is known").expect("it can be told")
}

/// No revision is before the first: the refusal tells how far back it goes.
fn oldest(store: &DiskStore) -> u64 {
    match store.get("", Some(0)).now_or_never().expect("reads do not wait") {
        Err(Error::Compacted { oldest }) => oldest,
        other => panic!("revision 0 was read: {other:?}"),
    }
}

fn watch(store: &DiskStore, from: u64) -> Watch {
    let from = WatchFrom::revision("", from).with_previous();
    store.watch(from).now_or_never().expect("a watch is granted at once").expect("it is kept")
}

/// Everything a watch has for us now, and why it ended if it did.
fn read(watch: &mut Watch) -> (Vec<Event>, Option<Error>) {
    let mut events = Vec::new();
    while let Some(Some(batch)) = watch.next().now_or_never() {
        match batch {
            Ok(batch) => events.extend(batch.events),
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}
