//! The conformance suite on a real etcd. It is looked for in `$K1S_ETCD`, in the path, and where upstream's programs are
//! kept for comparison; without one these tests say that they are left out.

mod server;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, ready};
use server::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use store::suite::{Harness, run};
use store::{Error, Store, Txn, WatchFrom};
use store_etcd::{Cluster, EtcdStore};

/// One etcd for all cases, each below a prefix of its own.
struct Real {
    store: Arc<EtcdStore>,
    count: AtomicU32,
}

impl Harness for Real {
    fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let store: Arc<dyn Store> = self.store.clone();
        ready((store, format!("/test/{number}/"))).boxed()
    }

    fn pass(&self, time: Duration) -> Option<BoxFuture<'_, ()>> {
        Some(tokio::time::sleep(time).boxed())
    }

    fn walks(&self) -> u32 {
        8
    }
}

fn open(urls: &[String]) -> Arc<EtcdStore> {
    Arc::new(EtcdStore::new(&Cluster::new(urls)).expect("the urls are well formed"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let Some(server) = Server::start() else { return };
    let store = open(std::slice::from_ref(&server.url));
    run(Arc::new(Real { store, count: AtomicU32::new(0) })).await;
}

#[tokio::test]
async fn a_dead_member_is_passed_over() {
    let Some(server) = Server::start() else { return };
    let store = open(&[server::nobody(), server.url.clone()]);
    let written = store.txn(Txn::new().put("/a", "1")).await.expect("the second member answers").revision;
    let mut watch = store.watch(WatchFrom::revision("/", written)).await.expect("and grants the watch");
    let batch = watch.next().await.expect("the watch goes on").expect("the write is seen");
    assert_eq!((batch.revision, batch.events.len()), (written, 1));
}

#[tokio::test]
async fn nobody_answers() {
    let store = open(&[server::nobody()]);
    let refused = |error: Error| assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    refused(store.revision().await.expect_err("nobody listens"));
    refused(store.txn(Txn::new().put("/a", "1")).await.expect_err("nothing was sent"));
    refused(store.watch(WatchFrom::now("/")).await.map(drop).expect_err("nobody listens"));
}

#[tokio::test]
async fn a_restart_ends_watches_and_loses_nothing() {
    let Some(mut server) = Server::start() else { return };
    let store = open(std::slice::from_ref(&server.url));
    let first = store.txn(Txn::new().put("/a", "1")).await.unwrap().revision;
    let mut watch = store.watch(WatchFrom::revision("/", first + 1)).await.unwrap();
    server.stop();
    let ended = watch.next().await.expect("the end is told").expect_err("by an error");
    assert!(matches!(ended, Error::Unavailable { .. }), "{ended}");
    assert!(watch.next().await.is_none(), "a watch ends after its first error");
    server.start_again();
    let second = store.txn(Txn::new().put("/a", "2")).await.expect("the connection is made anew").revision;
    let mut watch = store.watch(WatchFrom::revision("/", first).with_previous()).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(watch.next().await.unwrap().unwrap().events);
    }
    assert_eq!(events.iter().map(store::Event::revision).collect::<Vec<_>>(), [first, second]);
    assert_eq!(events[1].previous().map(|record| &record.value[..]), Some(&b"1"[..]));
}

#[tokio::test]
async fn what_etcd_refuses() {
    let Some(server) = Server::start() else { return };
    let store = open(std::slice::from_ref(&server.url));
    let large = store.txn(Txn::new().put("/a", vec![0_u8; 4 << 20])).await;
    assert!(matches!(large, Err(Error::TooLarge { bytes, .. }) if bytes > 4 << 20), "{large:?}");
    assert!(store.size().await.unwrap().total > 0);
}

/// A writer of other keys moves the revision: whoever was told it can wait for it in any watch.
#[tokio::test]
async fn a_revision_that_was_told_is_reached() {
    let Some(server) = Server::start() else { return };
    let (store, other) = (open(std::slice::from_ref(&server.url)), open(std::slice::from_ref(&server.url)));
    let mut watch = store.watch(WatchFrom::now("/registry/")).await.unwrap();
    other.txn(Txn::new().put("compact_rev_key", "1")).await.unwrap();
    let told = store.revision().await.unwrap();
    let mark = watch.next().await.unwrap().unwrap();
    assert!(mark.revision >= told && mark.events.is_empty(), "{mark:?}");
}
