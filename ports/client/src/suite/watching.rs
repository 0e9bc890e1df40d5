//! Watches.

use super::Stage;
use super::stage::{event, next};
use crate::{ListOptions, VersionMatch, WatchEvent};
use meta::CompactString;

pub(super) async fn a_watch_from_a_list_has_no_gap(stage: Stage) {
    stage.create("a", "x").await;
    let (revision, names) = stage.list(ListOptions::default()).await;
    assert_eq!(names, ["a"]);
    stage.create("b", "x").await;
    stage.delete("a").await;
    let from = ListOptions { resource_version: revision.to_string(), ..ListOptions::default() };
    let mut watch = stage.watch(from).await;
    assert_eq!([next(&mut watch).await, next(&mut watch).await], ["+b", "-a"]);
    let mut changed = stage.get("b").await.expect("it is there").decode_value();
    changed.set("data.a", "y");
    stage.update("b", changed).await.expect("the update is taken");
    assert_eq!(next(&mut watch).await, "~b");
}

pub(super) async fn initial_events_end_with_a_bookmark(stage: Stage) {
    stage.create("a", "x").await;
    stage.create("b", "x").await;
    let options = ListOptions {
        bookmarks: true,
        send_initial_events: Some(true),
        version_match: Some(VersionMatch::NotOlderThan),
        ..ListOptions::default()
    };
    let mut watch = stage.watch(options).await;
    let mut initial = [next(&mut watch).await, next(&mut watch).await];
    initial.sort();
    assert_eq!(initial, ["+a", "+b"]);
    assert_eq!(next(&mut watch).await, ".");
    stage.create("c", "x").await;
    assert_eq!(next(&mut watch).await, "+c");
}

pub(super) async fn a_selector_sees_objects_come_and_go(stage: Stage) {
    let made = stage.create("a", "x").await;
    let options = ListOptions {
        label_selector: "data=y".into(),
        resource_version: made.header.resource_version.to_string(),
        ..ListOptions::default()
    };
    let mut watch = stage.watch(options).await;
    let mut object = made.decode_value();
    object.set("metadata.labels.data", "y");
    let object = stage.update("a", object).await.expect("the update is taken");
    assert_eq!(next(&mut watch).await, "+a");
    let mut object = object.decode_value();
    object.set("metadata.labels.data", "z");
    let changed = stage.update("a", object).await.expect("the update is taken");
    let WatchEvent::Deleted(lost) = event(&mut watch).await else { panic!("it has left the selection") };
    assert_eq!(lost.header.labels.get("data").map(CompactString::as_str), Some("y"), "as it was when it was last seen");
    assert_eq!(lost.header.resource_version, changed.header.resource_version);
}
