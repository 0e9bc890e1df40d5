//! Random walks beside the oracle.

use super::{Oracle, Stage};
use crate::{Error, Event, Expect, Range, Record, Txn, WatchFrom};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[derive(Clone, Debug)]
enum Step {
    Txn(Vec<Guess>, Vec<Change>),
    /// At so many revisions before the newest.
    Read {
        back: u64,
        name: u8,
        limit: usize,
    },
    Compact {
        back: u64,
    },
    Watch {
        back: u64,
    },
}

/// An expectation that holds or fails, by the oracle's knowledge of the key.
#[derive(Clone, Debug)]
enum Guess {
    Absent(u8),
    Unchanged(u8),
    Stale(u8),
}

#[derive(Clone, Debug)]
enum Change {
    Put(u8, u8),
    Delete(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0_u8..6;
    let guess =
        prop_oneof![name().prop_map(Guess::Absent), name().prop_map(Guess::Unchanged), name().prop_map(Guess::Stale)];
    let change = prop_oneof![
        3 => (name(), any::<u8>()).prop_map(|(name, value)| Change::Put(name, value)),
        1 => name().prop_map(Change::Delete)
    ];
    let txn = (proptest::collection::vec(guess, 0..2), proptest::collection::vec(change, 0..4));
    prop_oneof![
        8 => txn.prop_map(|(guesses, changes)| Step::Txn(guesses, changes)),
        3 => (0_u64..8, name(), 0_usize..5).prop_map(|(back, name, limit)| Step::Read { back, name, limit }),
        1 => (0_u64..8).prop_map(|back| Step::Compact { back }),
        1 => (0_u64..8).prop_map(|back| Step::Watch { back }),
    ]
}

/// proptest is not asynchronous: it runs on a thread of its own and hands each walk over.
pub async fn walks_beside_the_oracle(stage: Stage) {
    let walks = stage.harness.walks();
    let (hand_over, mut walks_to_take) = tokio::sync::mpsc::unbounded_channel::<(Vec<Step>, Reply)>();
    let thread = std::thread::spawn(move || {
        let config = Config { cases: walks, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&proptest::collection::vec(step(), 1..60), |steps| {
            let (reply, answer) = std::sync::mpsc::channel();
            hand_over.send((steps, reply)).expect("the other side waits for walks");
            answer.recv().expect("every walk is answered").map_err(TestCaseError::fail)
        })
    });
    while let Some((steps, reply)) = walks_to_take.recv().await {
        let walk = walk(Stage::open(&stage.harness).await, steps);
        let outcome = tokio::spawn(walk).await.map_err(|panic| panic_text(panic.into_panic()));
        reply.send(outcome).expect("proptest waits for the outcome");
    }
    if let Err(failure) = thread.join().expect("proptest itself does not panic") {
        panic!("{failure}");
    }
}

type Reply = std::sync::mpsc::Sender<Result<(), String>>;

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "a panic without a formatted text".into(),
    }
}

async fn walk(stage: Stage, steps: Vec<Step>) {
    let start = stage.revision().await;
    let mut oracle = Oracle::from(start);
    for step in steps {
        match step {
            Step::Txn(guesses, changes) => transact(&stage, &mut oracle, &guesses, &changes).await,
            Step::Read { back, name, limit } => read(&stage, &oracle, start, back, name, limit).await,
            Step::Compact { back } => compact(&stage, &mut oracle, start, back).await,
            Step::Watch { back } => watch(&stage, &oracle, start, back).await,
        }
    }
    assert_eq!(stage.revision().await, oracle.revision());
    watch(&stage, &oracle, start, u64::MAX).await;
}

async fn transact(stage: &Stage, oracle: &mut Oracle, guesses: &[Guess], changes: &[Change]) {
    let mut txn = Txn::new();
    for guess in guesses {
        let (Guess::Absent(name) | Guess::Unchanged(name) | Guess::Stale(name)) = guess;
        let key = stage.key(&name.to_string());
        let modified = oracle.newest().get(&key).map_or(0, |record| record.modified);
        txn = match guess {
            Guess::Absent(_) => txn.expect(key.clone(), Expect::Absent),
            Guess::Unchanged(_) if modified > 0 => txn.expect(key.clone(), Expect::Modified(modified)),
            Guess::Unchanged(_) => txn.expect(key.clone(), Expect::Absent),
            Guess::Stale(_) => txn.expect(key.clone(), Expect::Modified(modified + 1)),
        };
        txn = txn.or_read(key);
    }
    for change in changes {
        txn = match change {
            Change::Put(name, value) => txn.put(stage.key(&name.to_string()), vec![*value; usize::from(*value)]),
            Change::Delete(name) => txn.delete(stage.key(&name.to_string())),
        };
    }
    let answer = stage.store.txn(txn.clone()).await;
    match txn.check() {
        Err(refused) => assert_eq!(answer, Err(refused)),
        Ok(()) => assert_eq!(answer, Ok(oracle.txn(&txn)), "{txn:?}"),
    }
}

async fn read(stage: &Stage, oracle: &Oracle, start: u64, back: u64, name: u8, limit: usize) {
    let at = oracle.revision().saturating_sub(back).max(start);
    let key = stage.key(&name.to_string());
    let got = stage.store.get(&key, Some(at)).await;
    let ranged = stage.store.range(Range::prefix(&stage.prefix).at(at).limit(limit)).await;
    if at < oracle.oldest() {
        assert_eq!(got, Err(Error::Compacted { oldest: oracle.oldest() }));
        assert_eq!(ranged, Err(Error::Compacted { oldest: oracle.oldest() }));
        return;
    }
    let state = oracle.state(at);
    assert_eq!(got, Ok((at, state.get(&key).cloned())), "at {at}");
    let ranged = ranged.expect("the revision is kept");
    let limit = if limit == 0 { usize::MAX } else { limit };
    let expect: Vec<Record> = state.values().take(limit).cloned().collect();
    assert_eq!((ranged.more, ranged.count), (state.len() > expect.len(), state.len() as u64));
    assert_eq!(ranged.records, expect, "at {at}");
}

async fn compact(stage: &Stage, oracle: &mut Oracle, start: u64, back: u64) {
    let at = oracle.revision().saturating_sub(back);
    if at <= start {
        return;
    }
    let answer = stage.store.compact(at).await;
    if at <= oracle.oldest() {
        assert_eq!(answer, Err(Error::Compacted { oldest: oracle.oldest() }));
    } else {
        assert_eq!(answer, Ok(()));
        oracle.compact(at);
    }
}

async fn watch(stage: &Stage, oracle: &Oracle, start: u64, back: u64) {
    let from = oracle.revision().saturating_sub(back).max(start + 1);
    let mut follower = stage.follow_as(WatchFrom::revision(&stage.prefix, from).with_previous()).await;
    if from < oracle.oldest() {
        assert_eq!(follower.expect_compacted().await, oracle.oldest());
        return;
    }
    let events = follower.until(oracle.revision()).await;
    let compacted = |event: Event| if event.revision() == oracle.oldest() { without_previous(event) } else { event };
    let seen: Vec<Event> = events.into_iter().map(compacted).collect();
    let expect: Vec<Event> = oracle.events(from).into_iter().map(compacted).collect();
    assert_eq!(seen, expect, "from {from}");
}

/// What the first kept revision replaced is compacted: engines may still know it.
fn without_previous(event: Event) -> Event {
    match event {
        Event::Put { record, .. } => Event::Put { record, previous: None },
        Event::Delete { key, revision, .. } => Event::Delete { key, revision, previous: None },
    }
}
