//! Get, list, discovery.

use super::Stage;
use crate::{Answer, ListOptions, Request};
use meta::Reason;

pub(super) async fn what_is_absent_is_not_found(stage: Stage) {
    let status = stage.get("absent").await.expect_err("nothing is there");
    assert!(status.is(Reason::NotFound), "{status}");
    assert_eq!(status.message, r#"configmaps "absent" not found"#);
}

pub(super) async fn a_list_selects(stage: Stage) {
    for (name, data) in [("a", "x"), ("b", "y"), ("c", "x")] {
        stage.create(name, data).await;
    }
    let labels = |text: &str| ListOptions { label_selector: text.into(), ..ListOptions::default() };
    assert_eq!(stage.list(ListOptions::default()).await.1, ["a", "b", "c"]);
    assert_eq!(stage.list(labels("data=x")).await.1, ["a", "c"]);
    assert_eq!(stage.list(labels("data notin (x,y)")).await.1, [""; 0]);
    let field = ListOptions { field_selector: "metadata.name=b".into(), ..ListOptions::default() };
    assert_eq!(stage.list(field).await.1, ["b"]);
}

pub(super) async fn pages_make_one_list(stage: Stage) {
    for name in ["a", "b", "c", "d", "e"] {
        stage.create(name, "x").await;
    }
    let mut names = Vec::new();
    let mut options = ListOptions { limit: 2, label_selector: "data=x".into(), ..ListOptions::default() };
    loop {
        let request = Request { list: options.clone(), ..Request::list(Stage::resource(), &stage.namespace) };
        let Answer::List { items, continue_token, .. } = stage.call(request).await.expect("a page is answered") else {
            panic!("a list is answered with a list");
        };
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|object| object.header.name.to_string()));
        if continue_token.is_empty() {
            break;
        }
        options.continue_token = continue_token;
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

pub(super) async fn discovery_names_what_is_served(stage: Stage) {
    let catalog = stage.client.discover().await.expect("discovery is answered");
    let found = catalog.of_kind("v1", "ConfigMap").expect("config maps are served");
    assert_eq!((&found.resource, found.namespaced, found.is_deletable()), (&Stage::resource(), true, true));
    assert!(catalog.of_kind("v1", "Namespace").is_some_and(|served| !served.namespaced));
    assert!(catalog.of_kind("v7", "ConfigMap").is_none());
}
