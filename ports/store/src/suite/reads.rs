//! Reading, now and in the past.

use super::Stage;
use super::stage::text;
use crate::{Error, Range, Txn, Want};
use bytes::Bytes;

pub async fn an_empty_prefix_has_nothing(stage: Stage) {
    assert!(stage.revision().await >= 1);
    assert_eq!(stage.get("a").await, None);
    let all = stage.store.range(Range::prefix(&stage.prefix)).await.unwrap();
    assert_eq!((all.records.len(), all.count, all.more), (0, 0, false));
}

pub async fn a_record_tells_its_life(stage: Stage) {
    let first = stage.put("a", "1").await;
    let second = stage.put("a", "2").await;
    assert!(second > first);
    let record = stage.get("a").await.expect("it was put");
    assert_eq!((record.created, record.modified, record.version), (first, second, 2));
    assert_eq!((&*record.key, &record.value[..]), (&*stage.key("a"), &b"2"[..]));
}

pub async fn the_past_stays_readable(stage: Stage) {
    let born = stage.put("a", "1").await;
    let changed = stage.put("a", "2").await;
    let died = stage.delete("a").await;
    let reborn = stage.put("a", "3").await;
    let at = async |revision| stage_value(&stage, revision).await;
    assert_eq!(at(born - 1).await, "-");
    assert_eq!(at(born).await, "1");
    assert_eq!(at(changed).await, "2");
    assert_eq!(at(died).await, "-");
    assert_eq!(at(reborn).await, "3");
}

async fn stage_value(stage: &Stage, revision: u64) -> String {
    stage.get_at("a", revision).await.map_or("-".into(), |record| text(&record))
}

pub async fn a_future_revision_is_refused(stage: Stage) {
    let newest = stage.put("a", "1").await;
    let refused = |error| matches!(error, Error::FutureRevision { .. });
    assert!(refused(stage.store.get(&stage.key("a"), Some(newest + 1)).await.unwrap_err()));
    assert!(refused(stage.store.range(Range::prefix(&stage.prefix).at(newest + 1)).await.unwrap_err()));
}

pub async fn a_range_is_ordered_and_bounded(stage: Stage) {
    for name in ["b/2", "a", "b/1", "b0", "b/", "c", "b/10"] {
        stage.put(name, name).await;
    }
    let check = async |range: Range, expect: &[&str]| {
        let answer = stage.store.range(range.clone()).await.unwrap();
        let names: Vec<String> = answer.records.iter().map(text).collect();
        assert_eq!(names, expect, "{range:?}");
    };
    let key = |name: &str| stage.key(name);
    check(Range::prefix(&key("b/")), &["b/", "b/1", "b/10", "b/2"]).await;
    check(Range::prefix(&key("b")), &["b/", "b/1", "b/10", "b/2", "b0"]).await;
    check(Range::prefix(&key("x")), &[]).await;
    check(Range::between(key("b/1"), Some(key("b/2"))), &["b/1", "b/10"]).await;
    check(Range::between(key("b/1"), Some(key("b/1"))), &[]).await;
    check(Range::between(key("c"), Some(key("a"))), &[]).await;
    check(Range::prefix(&key("b/")).after(&key("b/1")), &["b/10", "b/2"]).await;
    check(Range::prefix(&key("b/")).limit(2), &["b/", "b/1"]).await;
}

pub async fn a_range_shows_what_was_wanted(stage: Stage) {
    for name in ["a", "b", "c"] {
        stage.put(name, "value").await;
    }
    let newest = stage.delete("b").await;
    let check = async |range: Range, expect: (usize, u64, bool, usize)| {
        let answer = stage.store.range(range.clone()).await.unwrap();
        let bytes = answer.records.iter().map(|record| record.value.len()).sum();
        assert_eq!((answer.records.len(), answer.count, answer.more, bytes), expect, "{range:?}");
        assert!(answer.revision >= newest - 1);
    };
    let all = || Range::prefix(&stage.prefix);
    check(all(), (2, 2, false, 10)).await;
    check(all().want(Want::Keys), (2, 2, false, 0)).await;
    check(all().want(Want::Count), (0, 2, false, 0)).await;
    check(all().limit(1), (1, 2, true, 5)).await;
    check(all().limit(2), (2, 2, false, 10)).await;
    check(all().at(newest - 1), (3, 3, false, 15)).await;
}

pub async fn pages_at_one_revision_are_one_snapshot(stage: Stage) {
    for number in 0..20 {
        stage.put(&format!("{number:02}"), "old").await;
    }
    let mut page = stage.store.range(Range::prefix(&stage.prefix).limit(3)).await.unwrap();
    let snapshot = page.revision;
    let mut read = page.records;
    while page.more {
        stage.put(&format!("{:02}", read.len()), "new").await;
        stage.put(&format!("{:02}x", read.len()), "new").await;
        stage.delete(&format!("{:02}", read.len() + 1)).await;
        let last = read.last().expect("a page with more has records").key.clone();
        page = stage.store.range(Range::prefix(&stage.prefix).at(snapshot).after(&last).limit(3)).await.unwrap();
        read.append(&mut page.records);
    }
    assert_eq!(read.len(), 20);
    assert!(read.iter().all(|record| text(record) == "old" && record.modified <= snapshot));
}

pub async fn values_and_keys_of_any_shape(stage: Stage) {
    let large = Bytes::from(vec![7_u8; 1 << 20]);
    let binary = Bytes::from((0..=255).collect::<Vec<u8>>());
    for (name, value) in [("empty", Bytes::new()), ("large", large), ("binary", binary), ("ключ/鍵 \"\\\n", "x".into())]
    {
        stage.commit(Txn::new().put(stage.key(name), value.clone())).await;
        let record = stage.get(name).await.expect("it was put");
        assert_eq!(record.value, value, "{name}");
    }
    let found = stage.store.range(Range::prefix(&stage.key("ключ"))).await.unwrap();
    assert_eq!(found.count, 1);
}
