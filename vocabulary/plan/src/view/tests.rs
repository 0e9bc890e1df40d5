use super::*;
use meta::{CompactString, Value, value};

const NODE: Index =
    Index { name: "node", values: |object| vec![CompactString::from(object.value().str("spec.nodeName"))] };

fn pod(namespace: &str, name: &str, node: &str, owner: &str) -> Arc<Object> {
    let mut pod = value!({"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": node}});
    pod.set("metadata.name", name);
    pod.set("metadata.namespace", namespace);
    if !owner.is_empty() {
        pod.set("metadata.ownerReferences", vec![value!({"uid": owner, "controller": true})]);
    }
    Arc::new(Object::from_value(&pod).unwrap())
}

fn names<'a>(objects: impl Iterator<Item = &'a Arc<Object>>) -> Vec<String> {
    objects.map(|object| object.key().to_string()).collect()
}

#[test]
fn indexes_follow_every_change() {
    let mut kind = KindView::default();
    kind.insert(pod("a", "1", "x", "u"));
    kind.add_indexes(&[NODE]);
    kind.insert(pod("a", "2", "y", ""));
    kind.insert(pod("b", "3", "x", ""));
    let before = kind.clone();

    assert_eq!(names(kind.owned_by("u")), ["a/1"]);
    assert_eq!(names(kind.orphans("a")), ["a/2"]);
    assert_eq!(names(kind.in_namespace("a")), ["a/1", "a/2"]);
    assert_eq!(names(kind.indexed(&NODE, "x")), ["a/1", "b/3"]);

    kind.insert(pod("a", "1", "y", ""));
    kind.remove(&Key::new("b", "3"));
    assert_eq!(names(kind.owned_by("u")), [] as [&str; 0]);
    assert_eq!(names(kind.orphans("a")), ["a/1", "a/2"]);
    assert_eq!(names(kind.indexed(&NODE, "y")), ["a/1", "a/2"]);
    assert_eq!(names(before.indexed(&NODE, "x")), ["a/1", "b/3"], "a snapshot stays as it was");
}

#[test]
fn an_index_that_nobody_keeps_is_answered_by_looking() {
    let mut kind = KindView::default();
    kind.insert(pod("a", "1", "x", ""));
    kind.insert(pod("a", "2", "y", ""));
    assert_eq!(names(kind.indexed(&NODE, "y")), ["a/2"]);
}

#[test]
#[should_panic(expected = "pods was read and is not declared")]
fn an_undeclared_input_cannot_be_read() {
    let view = View::of(&[Input::of::<k8s_openapi::api::core::v1::Node>()]);
    let _: Vec<Value> = view.all::<k8s_openapi::api::core::v1::Pod>().map(|pod| crate::with_type(&*pod)).collect();
}
