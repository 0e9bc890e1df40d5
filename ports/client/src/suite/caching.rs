//! Caches over the client.

use super::Stage;
use super::stage::within;
use crate::{Cache, Changes, Source};

fn cache(stage: &Stage) -> Cache {
    let source = Source::all(Stage::resource()).in_namespace(&stage.namespace);
    Cache::start(stage.client.clone(), stage.clock.clone(), source)
}

pub(super) async fn a_cache_shows_what_was_written(stage: Stage) {
    stage.create("before", "x").await;
    let cache = cache(&stage);
    within(cache.synced()).await;
    assert!(cache.get(&stage.key("before")).is_some());
    let made = stage.create("after", "x").await;
    within(cache.wait_for(made.header.resource_version)).await;
    assert!(cache.get(&stage.key("after")).is_some());
    stage.delete("before").await;
    let key = stage.key("before");
    within(cache.until(|view| view.get(&key).is_none())).await;
}

async fn heard(changes: &mut Changes, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let change = within(changes.recv()).await.expect("the cache goes on");
        if change.key.name != "kube-root-ca.crt" {
            heard.push(format!("{} {} {}", change.key.name, change.old.is_some(), change.new.is_some()));
        }
    }
    heard
}

pub(super) async fn two_followers_hear_the_same(stage: Stage) {
    let cache = cache(&stage);
    let mut early = cache.changes();
    within(cache.synced()).await;
    stage.create("a", "x").await;
    assert_eq!(heard(&mut early, 1).await, ["a false true"]);
    let mut late = cache.changes();
    assert_eq!(heard(&mut late, 1).await, ["a false true"]);
    stage.delete("a").await;
    assert_eq!(heard(&mut early, 1).await, ["a true false"]);
    assert_eq!(heard(&mut late, 1).await, ["a true false"]);
}
