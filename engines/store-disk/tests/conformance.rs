//! The conformance suite on every driver and disk, and what must hold across a restart.

use clock::{Clock, VirtualClock};
use futures::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;
use std::time::Duration;
use store::suite::{Follower, Harness, run};
use store::{Range, Store, Txn, WatchFrom};
use store_disk::{Disk, DiskStore, Limits, OpenError, RealDisk, SimDisk, open, open_in_task};
use tempfile::TempDir;

fn clock() -> Arc<dyn Clock> {
    Arc::new(VirtualClock::new(1))
}

/// So small that every case rotates, and those that compact write snapshots.
const SMALL: Limits = Limits { segment_min: 700, segment_max: 3000, garbage_min: 1000, batch: 500, room: 200 };

/// A simulated disk, written by a task: virtual time.
struct Simulated;

impl Harness for Simulated {
    fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)> {
        let store: Arc<dyn Store> =
            open_in_task(Arc::new(SimDisk::new(1)), clock(), SMALL).expect("an empty disk opens");
        ready((store, "/test/".to_owned())).boxed()
    }

    fn pass(&self, time: Duration) -> Option<BoxFuture<'_, ()>> {
        Some(tokio::time::sleep(time).boxed())
    }
}

#[tokio::test(start_paused = true)]
async fn conforms_on_a_simulated_disk() {
    run(Arc::new(Simulated)).await;
}

/// A directory, written by a thread: real time.
struct Real {
    dir: TempDir,
    count: std::sync::atomic::AtomicU32,
}

impl Harness for Real {
    fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)> {
        let number = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let store: Arc<dyn Store> =
            open(&self.dir.path().join(number.to_string()), clock()).expect("an empty directory opens");
        ready((store, "/test/".to_owned())).boxed()
    }

    fn pass(&self, _: Duration) -> Option<BoxFuture<'_, ()>> {
        None
    }

    fn walks(&self) -> u32 {
        8
    }
}

#[test]
fn conforms_in_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let harness = Real { dir, count: Default::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(run(Arc::new(harness)));
}

async fn fill(store: &DiskStore, count: u64) -> u64 {
    let mut revision = 0;
    for number in 0..count {
        let txn = Txn::new().put(format!("/a/{}", number % 10), format!("{number}"));
        revision = store.txn(txn).await.expect("the disk is whole").revision;
    }
    revision
}

#[tokio::test]
async fn a_closed_store_is_found_as_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), clock()).unwrap();
    let revision = fill(&store, 100).await;
    let before = store.range(Range::prefix("/a/")).await.unwrap();
    assert!(matches!(open(dir.path(), clock()), Err(OpenError::Locked)));
    store.close().await.unwrap();
    assert!(store.txn(Txn::new().put("/a/x", "late")).await.is_err(), "a closed store takes no writes");
    assert!(store.close().await.is_err(), "and is closed once");

    let store = open(dir.path(), clock()).expect("a closed store has let go, though it is still referred to");
    assert_eq!(store.range(Range::prefix("/a/")).await.unwrap(), before);
    assert_eq!(fill(&store, 1).await, revision + 1);
}

#[tokio::test]
async fn a_watch_goes_on_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), clock()).unwrap();
    let seen = fill(&store, 30).await;
    fill(&store, 30).await;
    drop(store);
    let store = open(dir.path(), clock()).unwrap();
    let last = fill(&store, 30).await;
    let watch = store.watch(WatchFrom::revision("/a/", seen + 1).with_previous()).await.unwrap();
    let events = Follower::new(store, watch).until(last).await;
    assert_eq!(events.len(), 60);
    assert!(events.iter().all(|event| event.previous().is_some()));
}

#[tokio::test(start_paused = true)]
async fn deadlines_outlive_a_restart() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(1));
    let clock = clock();
    let store = open_in_task(disk.clone(), clock.clone(), SMALL).unwrap();
    let ttl = Duration::from_secs(3600);
    store.txn(Txn::new().put_for(ttl, "/event", "x").put("/pod", "x")).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    tokio::time::sleep(ttl / 2).await;
    let store = open_in_task(disk, clock, SMALL).unwrap();
    assert_eq!(store.range(Range::prefix("/")).await.unwrap().count, 2);
    tokio::time::sleep(ttl / 2 + Duration::from_secs(3)).await;
    assert_eq!(store.range(Range::prefix("/")).await.unwrap().count, 1);
}

/// Whatever is written and compacted, the files stay below three times the live data and a few segments.
#[tokio::test]
async fn the_files_are_bounded() {
    let disk = SimDisk::new(1);
    let limits =
        Limits { segment_min: 4 << 10, segment_max: 64 << 10, garbage_min: 8 << 10, batch: 64 << 10, room: 4 << 10 };
    let store = open_in_task(Arc::new(disk.clone()), clock(), limits).unwrap();
    for round in 0..3000_u64 {
        let txn = Txn::new().put(format!("/a/{}", round * 7 % 100), vec![round as u8; 700]);
        let revision = store.txn(txn).await.unwrap().revision;
        if round % 10 == 9 {
            store.compact(revision).await.unwrap();
            let size = store.size().await.unwrap();
            assert!(disk.used() <= size.live * 3 + 5 * limits.segment_max, "{} for {size:?}", disk.used());
            assert!(round < 200 || size.live > 70_000, "{size:?}");
        }
    }
    assert!(disk.used() < 300_000, "{}", disk.used());
    drop(store);
    tokio::task::yield_now().await;
    let again = open_in_task(Arc::new(disk), clock(), limits).unwrap();
    assert_eq!(again.range(Range::prefix("/")).await.unwrap().count, 100);
    assert_eq!(again.revision().await.unwrap(), 3001);
}

#[tokio::test]
async fn a_directory_is_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    RealDisk::new(dir.path()).unwrap().create("file").unwrap();
    assert!(matches!(open(&file, clock()), Err(OpenError::Io { .. })));
}
