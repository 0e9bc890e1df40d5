//! Create, update, patch, delete.

use super::Stage;
use crate::{Answer, DeleteOptions, ListOptions, PatchKind, Request};
use kinds::Verb;
use meta::{Key, Reason, value};

pub(super) async fn a_name_is_taken_once(stage: Stage) {
    let made = stage.create("a", "x").await;
    assert!(
        made.header.resource_version > 0 && !made.header.uid.is_empty() && made.header.creation_timestamp.is_some()
    );
    assert_eq!(made.header.namespace, stage.namespace);
    let status = stage.try_create(Stage::config_map("a", "y")).await.expect_err("the name is taken");
    assert!(status.is(Reason::AlreadyExists), "{status}");
    assert_eq!(stage.get("a").await.expect("it is there").value().str("data.a"), "x");
}

pub(super) async fn a_generated_name_is_new(stage: Stage) {
    let mut object = Stage::config_map("", "x");
    object.remove("metadata.name");
    object.set("metadata.generateName", "many-");
    let first = stage.try_create(object.clone()).await.expect("it is created");
    let second = stage.try_create(object).await.expect("it is created");
    assert!(first.header.name.starts_with("many-") && first.header.name.len() == 10, "{}", first.header.name);
    assert_ne!(first.header.name, second.header.name);
}

pub(super) async fn a_stale_update_conflicts(stage: Stage) {
    let old = stage.create("a", "x").await.decode_value();
    let mut newer = old.clone();
    newer.set("data.a", "y");
    let updated = stage.update("a", newer).await.expect("the first update is taken");
    let status = stage.update("a", old).await.expect_err("the second update is stale");
    assert!(status.is(Reason::Conflict), "{status}");
    let found = stage.get("a").await.expect("it is there");
    assert_eq!((found.value().str("data.a"), found.header.resource_version), ("y", updated.header.resource_version));
}

pub(super) async fn an_update_changes_nothing_twice(stage: Stage) {
    let made = stage.create("a", "x").await;
    let same = stage.update("a", made.decode_value()).await.expect("the update is taken");
    assert_eq!(same.header.resource_version, made.header.resource_version);
}

pub(super) async fn a_merge_patch_merges(stage: Stage) {
    stage.create("a", "x").await;
    let patch = value!({"data": {"a": null, "b": "y"}});
    let request = Request::patch(Stage::resource(), stage.key("a"), PatchKind::Merge, patch);
    let patched = stage.call(request).await.and_then(Answer::object).expect("the patch is taken");
    assert_eq!(*patched.value().get("data"), value!({"b": "y"}));
}

pub(super) async fn a_deletion_keeps_its_precondition(stage: Stage) {
    let made = stage.create("a", "x").await;
    let delete = |uid: &str| Request {
        delete: DeleteOptions { uid: Some(uid.into()), ..DeleteOptions::default() },
        ..Request::delete(Stage::resource(), stage.key("a"))
    };
    let status = stage.call(delete("another")).await.expect_err("the uid differs");
    assert!(status.is(Reason::Conflict), "{status}");
    stage.call(delete(&made.header.uid)).await.expect("the uid is the same");
    assert!(stage.get("a").await.expect_err("it has gone").is(Reason::NotFound));
}

pub(super) async fn a_finalizer_holds(stage: Stage) {
    let mut object = Stage::config_map("a", "x");
    object.set("metadata.finalizers", vec!["example.com/hold"]);
    stage.try_create(object).await.expect("it is created");
    stage.delete("a").await;
    let held = stage.get("a").await.expect("a finalizer holds it");
    assert!(held.header.deletion_timestamp.is_some());
    let mut released = held.decode_value();
    released.remove("metadata.finalizers");
    stage.update("a", released).await.expect("the update is taken");
    assert!(stage.get("a").await.expect_err("it has gone").is(Reason::NotFound));
}

pub(super) async fn a_collection_is_deleted(stage: Stage) {
    for (name, data) in [("a", "x"), ("b", "y"), ("c", "x")] {
        stage.create(name, data).await;
    }
    let options = ListOptions { label_selector: "data=x".into(), ..ListOptions::default() };
    let key = Key::new(stage.namespace.as_str(), "");
    let request = Request { list: options, ..Request::new(Verb::DeleteCollection, Stage::resource(), key) };
    stage.call(request).await.expect("the deletion is taken");
    assert_eq!(stage.list(ListOptions::default()).await.1, ["b"]);
}
