//! Keys with a time to live.

use super::Stage;
use crate::{Event, Txn};
use std::time::Duration;

/// etcd does not go below two seconds.
const SHORT: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(9);
/// An engine may be late by this much: deadlines are served together.
const LATE: Duration = Duration::from_secs(3);

/// False where time cannot be made to pass.
async fn pass(stage: &Stage, time: Duration) -> bool {
    match stage.harness.pass(time) {
        Some(passing) => {
            passing.await;
            true
        }
        None => false,
    }
}

pub async fn a_key_ends_in_its_time(stage: Stage) {
    let start = stage.commit(Txn::new().put_for(SHORT, stage.key("a"), "x").put(stage.key("b"), "x")).await;
    let mut follower = stage.follow(start + 1).await;
    if !pass(&stage, SHORT / 2).await {
        return;
    }
    assert_eq!(stage.value("a").await, "x");
    pass(&stage, SHORT / 2 + LATE).await;
    assert_eq!((stage.value("a").await, stage.value("b").await), ("-".into(), "x".into()));
    let events = follower.until(stage.revision().await).await;
    assert!(matches!(&events[..], [Event::Delete { key, .. }] if *key == stage.key("a")), "{events:?}");
    assert_eq!(stage.get_at("a", start).await.map(|record| record.modified), Some(start));
}

pub async fn a_later_put_decides(stage: Stage) {
    let short = |name: &str| Txn::new().put_for(SHORT, stage.key(name), "x");
    stage.commit(short("freed")).await;
    stage.commit(short("longer")).await;
    stage.put("freed", "y").await;
    stage.commit(Txn::new().put_for(LONG, stage.key("longer"), "y")).await;
    if !pass(&stage, SHORT + LATE).await {
        return;
    }
    assert_eq!((stage.value("freed").await, stage.value("longer").await), ("y".into(), "y".into()));
    pass(&stage, LONG - SHORT).await;
    assert_eq!((stage.value("freed").await, stage.value("longer").await), ("y".into(), "-".into()));
}

pub async fn an_ended_key_can_return(stage: Stage) {
    stage.commit(Txn::new().put_for(SHORT, stage.key("a"), "x")).await;
    if !pass(&stage, SHORT + LATE).await {
        return;
    }
    let reborn = stage.put("a", "y").await;
    pass(&stage, SHORT + LATE).await;
    let record = stage.get("a").await.expect("the second life has no deadline");
    assert_eq!((record.created, record.version), (reborn, 1));
}
