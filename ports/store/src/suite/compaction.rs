//! Compaction: what it takes, what it must leave, what it must say.

use super::Stage;
use super::stage::text;
use crate::{Error, Event, Range, WatchFrom};

async fn oldest_told(stage: &Stage, revision: u64) -> u64 {
    let got = stage.store.get(&stage.key("a"), Some(revision)).await;
    let ranged = stage.store.range(Range::prefix(&stage.prefix).at(revision)).await;
    match (got, ranged) {
        (Err(Error::Compacted { oldest }), Err(Error::Compacted { oldest: again })) if oldest == again => oldest,
        other => panic!("reading the compacted revision {revision} gave {other:?}"),
    }
}

pub async fn the_compacted_past_is_refused(stage: Stage) {
    let first = stage.put("a", "1").await;
    let second = stage.put("a", "2").await;
    let third = stage.put("a", "3").await;
    stage.compact(third).await;
    assert_eq!(oldest_told(&stage, first).await, third);
    assert_eq!(oldest_told(&stage, second).await, third);
    assert_eq!(stage.value("a").await, "3");
}

pub async fn the_compacted_revision_itself_stays(stage: Stage) {
    stage.put("a", "1").await;
    stage.put("b", "1").await;
    let at = stage.put("a", "2").await;
    stage.put("a", "3").await;
    stage.delete("b").await;
    stage.compact(at).await;
    let kept = stage.store.range(Range::prefix(&stage.prefix).at(at)).await.unwrap();
    assert_eq!(kept.records.iter().map(text).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(kept.revision, at);
    let now = stage.store.range(Range::prefix(&stage.prefix)).await.unwrap();
    assert_eq!(now.records.iter().map(text).collect::<Vec<_>>(), ["3"]);
}

pub async fn a_watch_from_the_compacted_past_is_refused(stage: Stage) {
    let first = stage.put("a", "1").await;
    let at = stage.put("a", "2").await;
    let last = stage.put("a", "3").await;
    stage.compact(at).await;
    assert_eq!(stage.follow(first).await.expect_compacted().await, at);
    assert_eq!(stage.follow(at).await.until(last).await.len(), 2);
}

/// etcd: the tombstone of the compaction revision was dropped, so that a watch opened there missed the delete.
pub async fn a_delete_at_the_compaction_is_still_watched(stage: Stage) {
    stage.put("a", "1").await;
    let died = stage.delete("a").await;
    let last = stage.put("b", "1").await;
    stage.compact(died).await;
    let events = stage.follow(died).await.until(last).await;
    assert!(
        matches!(&events[..], [Event::Delete { revision, .. }, Event::Put { .. }] if *revision == died),
        "{events:?}"
    );
    assert_eq!(stage.get_at("a", died).await, None);
}

/// etcd: compacting at a delete dropped the event for watchers that were open.
pub async fn a_watcher_sees_a_delete_that_is_compacted_at_once(stage: Stage) {
    for _ in 0..20 {
        let born = stage.put("a", "1").await;
        let mut follower = stage.follow(born).await;
        let died = stage.delete("a").await;
        stage.compact(died).await;
        match follower.try_until(died).await {
            Ok(events) => assert_eq!(events.last().map(Event::revision), Some(died), "{events:?}"),
            Err(error) => assert_eq!(error, Error::Compacted { oldest: died }),
        }
    }
}

/// Everything, or an error: never a gap.
pub async fn a_reader_left_behind_is_told(stage: Stage) {
    let start = stage.revision().await + 1;
    let mut follower = stage.follow(start).await;
    for number in 0..500 {
        stage.put("a", &format!("{number}")).await;
    }
    let newest = stage.revision().await;
    stage.compact(newest).await;
    match follower.try_until(newest).await {
        Ok(events) => assert_eq!(events.len(), 500),
        Err(error) => assert_eq!(error, Error::Compacted { oldest: newest }),
    }
}

pub async fn an_idle_watch_outlives_compaction(stage: Stage) {
    let mut follower = stage.follow_as(WatchFrom::now(&stage.key("quiet/"))).await;
    for _ in 0..3 {
        stage.put("loud", "x").await;
        let newest = stage.put("loud", "y").await;
        stage.compact(newest).await;
    }
    let last = stage.put("quiet/a", "x").await;
    let events = follower.until(last).await;
    assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), [last]);
}

pub async fn compaction_moves_forward_only(stage: Stage) {
    let first = stage.put("a", "1").await;
    let second = stage.put("a", "2").await;
    stage.compact(second).await;
    assert_eq!(stage.store.compact(first).await.unwrap_err(), Error::Compacted { oldest: second });
    assert_eq!(stage.store.compact(second).await.unwrap_err(), Error::Compacted { oldest: second });
    let future = stage.store.compact(second + 1).await.unwrap_err();
    assert!(matches!(future, Error::FutureRevision { .. }), "{future}");
    assert_eq!(stage.value("a").await, "2");
}

pub async fn a_deleted_key_can_return(stage: Stage) {
    stage.put("a", "1").await;
    stage.delete("a").await;
    let after = stage.put("b", "1").await;
    stage.compact(after).await;
    assert_eq!(stage.value("a").await, "-");
    let reborn = stage.put("a", "2").await;
    let record = stage.get("a").await.unwrap();
    assert_eq!((record.created, record.version), (reborn, 1));
    assert_eq!(stage.get_at("a", after).await, None);
}
