//! Many callers at once.

use super::Stage;
use super::stage::text;
use crate::{Error, Event, Expect, Range, Txn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const CALLERS: u64 = 8;

pub async fn increments_are_never_lost(stage: Stage) {
    const EACH: u64 = 25;
    stage.put("counter", "0").await;
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(increment(stage.clone(), EACH))).collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let record = stage.get("counter").await.unwrap();
    assert_eq!(text(&record), (CALLERS * EACH).to_string());
    assert_eq!(record.version, CALLERS * EACH + 1, "every success is one version");
}

/// Compare and put; on failure goes on from what the failed transaction read.
async fn increment(stage: Stage, times: u64) {
    let key = stage.key("counter");
    let mut known = stage.get("counter").await.expect("it was put before");
    let mut done = 0;
    while done < times {
        let next = text(&known).parse::<u64>().unwrap() + 1;
        let expect = Expect::Modified(known.modified);
        let txn = Txn::new().expect(key.clone(), expect).put(key.clone(), next.to_string()).or_read(key.clone());
        let answer = stage.store.txn(txn).await.unwrap();
        done += u64::from(answer.succeeded);
        known = match answer.records.into_iter().next().flatten() {
            Some(record) => record,
            None => stage.get("counter").await.expect("nobody deletes it"),
        };
    }
}

/// One call as its caller saw it. Ticks order the moments of all callers.
#[derive(Debug)]
struct Call {
    begun: u64,
    ended: u64,
    revision: u64,
    /// What a read of the whole prefix showed; None for a write.
    read: Option<BTreeMap<Arc<str>, u64>>,
}

/// Revisions order all writes, so the law is simple: a call that begins after another has ended stands at no lower a
/// revision (a write: at a higher one), and a read shows exactly the state of its revision.
pub async fn calls_are_strictly_serializable(stage: Stage) {
    let start = stage.revision().await;
    let ticks = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> =
        (0..CALLERS).map(|seed| tokio::spawn(call_around(stage.clone(), ticks.clone(), seed))).collect();
    let mut calls = Vec::new();
    for caller in callers {
        calls.extend(caller.await.unwrap());
    }
    let last = stage.revision().await;
    let events = stage.follow(start + 1).await.until(last).await;
    check_real_time(&mut calls);
    check_reads(&calls, &events);
}

async fn call_around(stage: Stage, ticks: Arc<AtomicU64>, seed: u64) -> Vec<Call> {
    let mut calls = Vec::new();
    for turn in 0..40 {
        let begun = ticks.fetch_add(1, Ordering::SeqCst);
        let dice = (turn * 7 + seed * 13) % 10;
        let name = format!("{}", (turn + seed) % 5);
        let (revision, read) = match dice {
            0..=3 => {
                let answer = stage.store.range(Range::prefix(&stage.prefix)).await.unwrap();
                let seen = answer.records.into_iter().map(|record| (record.key, record.modified)).collect();
                (answer.revision, Some(seen))
            }
            4 => (stage.delete(&name).await, None),
            _ => (stage.put(&name, &format!("{seed}/{turn}")).await, None),
        };
        let ended = ticks.fetch_add(1, Ordering::SeqCst);
        calls.push(Call { begun, ended, revision, read });
    }
    calls
}

fn check_real_time(calls: &mut [Call]) {
    calls.sort_by_key(|call| call.begun);
    let mut by_end: Vec<(u64, u64)> = calls.iter().map(|call| (call.ended, call.revision)).collect();
    by_end.sort_unstable();
    let mut ended = by_end.into_iter().peekable();
    let mut floor = 0;
    for call in calls {
        while let Some((_, revision)) = ended.next_if(|(end, _)| *end < call.begun) {
            floor = floor.max(revision);
        }
        assert!(call.revision >= floor, "{call:?} began after revision {floor} was known");
    }
}

fn check_reads(calls: &[Call], events: &[Event]) {
    let mut reads: Vec<&Call> = calls.iter().filter(|call| call.read.is_some()).collect();
    reads.sort_by_key(|call| call.revision);
    let mut events = events.iter().peekable();
    let mut state = BTreeMap::new();
    for read in reads {
        while let Some(event) = events.next_if(|event| event.revision() <= read.revision) {
            match event {
                Event::Put { record, .. } => state.insert(record.key.clone(), record.modified),
                Event::Delete { key, .. } => state.remove(key),
            };
        }
        assert_eq!(read.read.as_ref(), Some(&state), "a read at {} shows another state", read.revision);
    }
}

/// While some write and one compacts, watchers see the same gap-free story or are told that they lost it.
pub async fn writers_compactors_and_watchers(stage: Stage) {
    let start = stage.revision().await + 1;
    let watchers: Vec<_> = (0..4).map(|_| tokio::spawn(versions_without_gap(stage.clone(), start))).collect();
    let writers: Vec<_> = (0..CALLERS).map(|caller| tokio::spawn(write_on(stage.clone(), caller))).collect();
    for round in 0..10 {
        tokio::task::yield_now().await;
        match stage.store.compact(start + round * 20).await {
            Ok(()) | Err(Error::Compacted { .. } | Error::FutureRevision { .. }) => {}
            Err(error) => panic!("compaction failed: {error}"),
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    stage.put("end", "x").await;
    for watcher in watchers {
        watcher.await.unwrap();
    }
}

async fn write_on(stage: Stage, caller: u64) {
    for turn in 0..40 {
        stage.put(&format!("{caller}"), &format!("{turn}")).await;
    }
}

async fn versions_without_gap(stage: Stage, start: u64) {
    let mut follower = stage.follow(start).await;
    let mut versions: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    loop {
        let batch = match follower.batch().await {
            Ok(batch) => batch,
            Err(Error::Compacted { .. }) => return,
            Err(error) => panic!("the watch broke: {error}"),
        };
        for event in batch.events {
            let Event::Put { record, .. } = event else { panic!("nobody deletes") };
            let version = versions.entry(record.key.clone()).or_default();
            *version += 1;
            assert_eq!(record.version, *version, "{} skipped or repeated", record.key);
            if record.key == stage.key("end") {
                return;
            }
        }
    }
}
