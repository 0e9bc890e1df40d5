//! `bench store DIR WRITERS WRITES`: the disk engine alone, without an API server above it.
//!
//! Creates objects of 1 KiB with so many writers at once, then checks the very same trace (every acknowledged write is
//! found, the watch told each once and in order), then opens the store again.

use bytes::Bytes;
use clock::SystemClock;
use futures::StreamExt;
use futures::future::join_all;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Expect, Range, Store, Txn, WatchFrom};
use store_disk::DiskStore;
use tokio::time::Instant;

const VALUE_BYTES: usize = 1024;

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub async fn run(dir: &Path, writers: usize, writes: usize) -> Result<(), Failure> {
    let store = open(dir)?;
    let first = store.revision().await? + 1;
    let begun = Instant::now();
    let done = join_all((0..writers).map(|writer| tokio::spawn(write(store.clone(), writer, writes / writers)))).await;
    let elapsed = begun.elapsed();
    let mut trace = Vec::new();
    for writer in done {
        trace.extend(writer??);
    }
    report(&mut trace, writers, elapsed);
    check(&store, first, trace.len()).await?;
    store.close().await?;
    drop(store);
    open(dir)?.close().await?;
    Ok(())
}

fn open(dir: &Path) -> Result<Arc<DiskStore>, Failure> {
    let begun = Instant::now();
    let store = store_disk::open(dir, Arc::new(SystemClock))?;
    println!("opened in {:?}", begun.elapsed());
    Ok(store)
}

async fn write(store: Arc<DiskStore>, writer: usize, writes: usize) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::with_capacity(writes);
    for number in 0..writes {
        let key = format!("/registry/configmaps/default/writer-{writer}-{number:08}");
        let value = Bytes::from(vec![number as u8; VALUE_BYTES]);
        let begun = Instant::now();
        let answer = store.txn(Txn::new().expect(key.clone(), Expect::Absent).put(key, value)).await?;
        latencies.push(begun.elapsed());
        if !answer.succeeded {
            return Err("the directory holds the objects of an earlier run".into());
        }
    }
    Ok(latencies)
}

fn report(latencies: &mut [Duration], writers: usize, elapsed: Duration) {
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
    let rate = latencies.len() as f64 / elapsed.as_secs_f64();
    println!("{writers} writers: {rate:.0} commits/s, p50 {:?}, p99 {:?}", at(50), at(99));
}

/// A throughput counts only if nothing of it was lost, twice or out of order.
async fn check(store: &DiskStore, first: u64, writes: usize) -> Result<(), Failure> {
    let last = store.revision().await?;
    let kept = store.range(Range::prefix("/registry/configmaps/")).await?;
    let mut found: Vec<u64> = kept.records.iter().map(|record| record.modified).filter(|at| *at >= first).collect();
    found.sort_unstable();
    let mut told = Vec::with_capacity(writes);
    let mut watch = store.watch(WatchFrom::revision("/registry/configmaps/", first)).await?;
    while told.len() < writes {
        let batch = watch.next().await.ok_or("the watch ended")??;
        told.extend(batch.events.iter().map(store::Event::revision));
    }
    let expect: Vec<u64> = (first..=last).collect();
    if expect.len() != writes || found != expect || told != expect {
        return Err("the store does not hold what it acknowledged".into());
    }
    println!("checked: {writes} writes found, and watched in order");
    Ok(())
}
