//! Transactions: all or nothing, and only if what was expected holds.

use super::Stage;
use crate::{Error, Event, Expect, Txn, TxnAnswer};

async fn ask(stage: &Stage, txn: Txn) -> TxnAnswer {
    stage.store.txn(txn).await.expect("the transaction is answered")
}

pub async fn a_create_succeeds_once(stage: Stage) {
    let create = |value: &'static str| Txn::new().expect(stage.key("a"), Expect::Absent).put(stage.key("a"), value);
    let first = ask(&stage, create("first")).await;
    let second = ask(&stage, create("second")).await;
    assert!(first.succeeded && !second.succeeded);
    assert_eq!(stage.value("a").await, "first");
    stage.delete("a").await;
    assert!(ask(&stage, create("third")).await.succeeded);
}

pub async fn an_update_needs_the_revision_it_read(stage: Stage) {
    let born = stage.put("a", "1").await;
    let update = |revision, value: &'static str| {
        Txn::new().expect(stage.key("a"), Expect::Modified(revision)).put(stage.key("a"), value)
    };
    let changed = ask(&stage, update(born, "2")).await;
    assert!(changed.succeeded);
    assert!(!ask(&stage, update(born, "lost")).await.succeeded);
    assert_eq!(stage.value("a").await, "2");
    let gone = Txn::new().expect(stage.key("a"), Expect::Modified(changed.revision)).delete(stage.key("a"));
    assert!(ask(&stage, gone.clone()).await.succeeded);
    assert!(!ask(&stage, gone).await.succeeded);
}

pub async fn every_expectation(stage: Stage) {
    let born = stage.put("here", "1").await;
    let changed = stage.put("here", "2").await;
    let check = async |name: &str, expect: Expect, holds: bool| {
        let answer = ask(&stage, Txn::new().expect(stage.key(name), expect)).await;
        assert_eq!(answer.succeeded, holds, "{name} {expect:?}");
    };
    check("here", Expect::Present, true).await;
    check("here", Expect::Absent, false).await;
    check("here", Expect::Created(born), true).await;
    check("here", Expect::Created(changed), false).await;
    check("here", Expect::Modified(changed), true).await;
    check("here", Expect::Modified(born), false).await;
    check("gone", Expect::Absent, true).await;
    check("gone", Expect::Present, false).await;
    check("gone", Expect::Modified(changed), false).await;
    check("gone", Expect::Created(born), false).await;
}

pub async fn several_keys_share_one_revision(stage: Stage) {
    let before = stage.put("b", "old").await;
    let both = Txn::new().put(stage.key("a"), "1").delete(stage.key("b")).put(stage.key("c"), "2");
    let revision = stage.commit(both).await;
    assert_eq!(revision, before + 1);
    assert_eq!(stage.get("a").await.unwrap().modified, revision);
    assert_eq!(stage.get("b").await, None);
    assert_eq!(stage.get("c").await.unwrap().modified, revision);
}

pub async fn nothing_happens_in_part(stage: Stage) {
    stage.put("taken", "1").await;
    let before = stage.revision().await;
    let allocate = Txn::new()
        .expect(stage.key("free"), Expect::Absent)
        .expect(stage.key("taken"), Expect::Absent)
        .put(stage.key("free"), "2")
        .put(stage.key("other"), "2")
        .delete(stage.key("taken"));
    assert!(!ask(&stage, allocate).await.succeeded);
    assert_eq!((stage.value("free").await, stage.value("other").await), ("-".into(), "-".into()));
    assert_eq!(stage.value("taken").await, "1");
    assert_eq!(stage.revision().await, before);
}

pub async fn a_failed_compare_reads_the_named_keys(stage: Stage) {
    let revision = stage.put("a", "1").await;
    let txn = Txn::new()
        .expect(stage.key("a"), Expect::Absent)
        .put(stage.key("a"), "2")
        .or_read(stage.key("gone"))
        .or_read(stage.key("a"));
    let answer = ask(&stage, txn).await;
    assert!(!answer.succeeded && answer.revision >= revision);
    assert_eq!(answer.records, [None, stage.get("a").await]);
}

pub async fn what_changes_nothing_makes_no_revision(stage: Stage) {
    let before = stage.put("a", "1").await;
    for txn in [
        Txn::new(),
        Txn::new().delete(stage.key("gone")),
        Txn::new().expect(stage.key("a"), Expect::Present),
        Txn::new().expect(stage.key("a"), Expect::Absent).put(stage.key("a"), "2"),
    ] {
        assert_eq!(ask(&stage, txn.clone()).await.revision, before, "{txn:?}");
    }
    let after = stage.put("b", "1").await;
    assert_eq!(after, before + 1);
    let events = stage.follow(before).await.until(after).await;
    assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), [before, after]);
}

pub async fn a_key_may_be_written_once(stage: Stage) {
    let before = stage.put("a", "1").await;
    for txn in [
        Txn::new().put(stage.key("a"), "2").put(stage.key("a"), "3"),
        Txn::new().put(stage.key("b"), "2").put(stage.key("a"), "2").delete(stage.key("a")),
    ] {
        let refused = stage.store.txn(txn).await.unwrap_err();
        assert_eq!(refused, Error::DuplicateKey { key: stage.key("a") });
    }
    assert_eq!((stage.value("a").await, stage.revision().await), ("1".into(), before));
}

pub async fn a_new_life_counts_anew(stage: Stage) {
    stage.put("a", "1").await;
    stage.put("a", "2").await;
    stage.delete("a").await;
    let reborn = stage.put("a", "3").await;
    let record = stage.get("a").await.unwrap();
    assert_eq!((record.created, record.modified, record.version), (reborn, reborn, 1));
}
