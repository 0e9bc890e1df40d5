//! Watches: ordered, unique, gap-free, resumable.

use super::Stage;
use super::stage::text;
use crate::{Event, Range, Txn, WatchFrom};

/// "name=value" for a put, "name" for a delete.
fn story(stage: &Stage, events: &[Event]) -> Vec<String> {
    let tell = |event: &Event| {
        let name = event.key()[stage.prefix.len()..].to_owned();
        match event {
            Event::Put { record, .. } => format!("{name}={}", text(record)),
            Event::Delete { .. } => name,
        }
    };
    events.iter().map(tell).collect()
}

pub async fn events_come_in_order_and_once(stage: Stage) {
    let mut follower = stage.follow_as(WatchFrom::now(&stage.prefix)).await;
    let mut revisions = Vec::new();
    for number in 0..50 {
        revisions.push(stage.put(&format!("{}", number % 3), &format!("{number}")).await);
    }
    revisions.push(stage.delete("0").await);
    let events = follower.until(*revisions.last().unwrap()).await;
    assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), revisions);
    assert_eq!(story(&stage, &events[48..]), ["0=48", "1=49", "0"]);
}

pub async fn one_revision_is_one_batch(stage: Stage) {
    let mut follower = stage.follow_as(WatchFrom::now(&stage.prefix)).await;
    let many = (0..100).fold(Txn::new(), |txn, number| txn.put(stage.key(&format!("{number:03}")), "x"));
    let revision = stage.commit(many).await;
    loop {
        let batch = follower.batch().await.unwrap();
        if !batch.events.is_empty() {
            assert_eq!((batch.events.len(), batch.revision), (100, revision));
            let names: Vec<_> = batch.events.iter().map(Event::key).collect();
            assert!(names.is_sorted(), "the events keep the order of the operations");
            return;
        }
    }
}

pub async fn a_watch_begins_where_it_was_told(stage: Stage) {
    let revisions = [stage.put("a", "1").await, stage.put("b", "2").await, stage.delete("a").await];
    let check = async |from: u64, expect: &[&str]| {
        let events = stage.follow(from).await.until(revisions[2]).await;
        assert_eq!(story(&stage, &events), expect, "from {from}");
    };
    check(revisions[0], &["a=1", "b=2", "a"]).await;
    check(revisions[1], &["b=2", "a"]).await;
    check(revisions[2], &["a"]).await;
}

pub async fn a_watch_from_now_sees_no_past(stage: Stage) {
    stage.put("a", "past").await;
    let mut follower = stage.follow_as(WatchFrom::now(&stage.prefix)).await;
    stage.put("a", "new").await;
    assert_eq!(story(&stage, &follower.events(1).await), ["a=new"]);
}

pub async fn a_watch_from_the_future_waits(stage: Stage) {
    let newest = stage.put("a", "0").await;
    let mut follower = stage.follow(newest + 3).await;
    stage.store.progress().await.unwrap();
    for value in ["1", "2", "3", "4"] {
        stage.put("a", value).await;
    }
    assert_eq!(story(&stage, &follower.until(newest + 4).await), ["a=3", "a=4"]);
}

pub async fn previous_values_are_those_replaced(stage: Stage) {
    let first = stage.put("a", "1").await;
    stage.put("a", "2").await;
    stage.delete("a").await;
    let last = stage.put("a", "3").await;
    let check = async |from: WatchFrom, expect: [&str; 4]| {
        let events = stage.follow_as(from).await.until(last).await;
        let previous: Vec<String> = events.iter().map(|event| event.previous().map_or("-".into(), text)).collect();
        assert_eq!(previous, expect);
    };
    check(WatchFrom::revision(&stage.prefix, first).with_previous(), ["-", "1", "2", "-"]).await;
    check(WatchFrom::revision(&stage.prefix, first), ["-", "-", "-", "-"]).await;
}

pub async fn other_prefixes_stay_silent(stage: Stage) {
    let start = stage.revision().await + 1;
    let mut follower = stage.follow_as(WatchFrom::revision(&stage.key("b/"), start)).await;
    for name in ["a", "b", "b/1", "b0", "b.", "b/2", "c"] {
        stage.put(name, "x").await;
    }
    let last = stage.commit(Txn::new().put(stage.key("b/3"), "x").put(stage.key("d"), "x")).await;
    assert_eq!(story(&stage, &follower.until(last).await), ["b/1=x", "b/2=x", "b/3=x"]);
}

/// etcd: after a reconnection watches went back in time, or lost what happened meanwhile.
pub async fn a_resumed_watch_has_no_gap_and_no_duplicate(stage: Stage) {
    let start = stage.revision().await + 1;
    let mut reached = start - 1;
    let mut seen = Vec::new();
    for round in 0..10 {
        let mut follower = stage.follow(reached + 1).await;
        stage.put("a", &format!("{round}")).await;
        let middle = stage.put("b", &format!("{round}")).await;
        stage.put("c", &format!("{round}")).await;
        seen.extend(follower.until(middle).await);
        reached = follower.reached();
    }
    let last = stage.revision().await;
    seen.extend(stage.follow(reached + 1).await.until(last).await);
    let whole = stage.follow(start).await.until(last).await;
    assert_eq!(seen, whole);
    assert_eq!(whole.len(), 30);
}

/// etcd: a progress mark overtook events that were still on their way.
pub async fn a_mark_is_never_ahead_of_events(stage: Stage) {
    let start = stage.revision().await + 1;
    let mut follower = stage.follow(start).await;
    let writer = {
        let stage = stage.clone();
        tokio::spawn(async move {
            for number in 0..300 {
                stage.put("a", &format!("{number}")).await;
                stage.store.progress().await.unwrap();
            }
            stage.revision().await
        })
    };
    // The follower checks each batch: an event at or before a mark that was already given fails there.
    let mut count = 0;
    while count < 300 {
        count += follower.batch().await.unwrap().events.len();
    }
    let last = writer.await.unwrap();
    count += follower.until(last).await.len();
    assert_eq!(count, 300);
}

pub async fn an_idle_watch_is_told_of_progress(stage: Stage) {
    let mut follower = stage.follow_as(WatchFrom::now(&stage.key("quiet/"))).await;
    let last = stage.put("loud", "x").await;
    assert_eq!(follower.until(last).await, []);
    assert!(follower.reached() >= last);
}

/// etcd: the buffer of a slow watcher overflowed and events were lost.
pub async fn a_slow_reader_loses_nothing(stage: Stage) {
    let start = stage.revision().await + 1;
    let mut follower = stage.follow(start).await;
    let mut expect = 0;
    for _ in 0..40 {
        let many = (0..60).fold(Txn::new(), |txn, name| txn.put(stage.key(&format!("{name}")), "x"));
        stage.commit(many).await;
        expect += 60;
    }
    let last = stage.delete("0").await;
    assert_eq!(follower.until(last).await.len(), expect + 1);
}

pub async fn a_snapshot_and_its_watch_join_without_seam(stage: Stage) {
    let writer = {
        let stage = stage.clone();
        tokio::spawn(async move {
            for number in 0..200 {
                stage.put(&format!("{}", number % 7), &format!("{number}")).await;
            }
        })
    };
    tokio::task::yield_now().await;
    let listed = stage.store.range(Range::prefix(&stage.prefix)).await.unwrap();
    let mut follower = stage.follow(listed.revision + 1).await;
    writer.await.unwrap();
    let mut view: std::collections::BTreeMap<_, _> =
        listed.records.into_iter().map(|record| (record.key.clone(), record)).collect();
    for event in follower.until(stage.revision().await).await {
        if let Event::Put { record, .. } = event {
            let version = view.get(&record.key).map_or(0, |old| old.version);
            assert_eq!(record.version, version + 1, "a version is missing or comes twice");
            view.insert(record.key.clone(), record);
        }
    }
    let now = stage.store.range(Range::prefix(&stage.prefix)).await.unwrap();
    assert_eq!(view.into_values().collect::<Vec<_>>(), now.records);
}
