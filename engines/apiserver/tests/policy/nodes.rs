use crate::world::{World, core, refusal};
use apiserver::identity::Identity;
use meta::value;

fn kubelet(node: &str) -> Identity {
    Identity::new(format!("system:node:{node}"), &["system:nodes"])
}

#[tokio::test(start_paused = true)]
async fn a_new_node_is_tainted_and_says_little_of_itself() {
    let world = World::start().await;
    let node = |name: &str, label: &str| {
        let mut node = value!({"metadata": {"name": name, "labels": {}}});
        *node.entry("metadata").entry("labels").entry(label) = meta::Value::from("x");
        node
    };
    let made = world.create(kubelet("n1"), core("nodes"), "", node("n1", "kubernetes.io/os")).await.unwrap();
    assert_eq!(made.items("spec.taints")[0].str("key"), "node.kubernetes.io/not-ready");
    let labelled = world.create(kubelet("n2"), core("nodes"), "", node("n2", "node-role.kubernetes.io/a")).await;
    let expect =
        "nodes \"n2\" is forbidden: node \"n2\" is not allowed to set the following labels: node-role.kubernetes.io/a";
    assert_eq!(refusal(labelled), expect);
    let other = world.create(kubelet("n1"), core("nodes"), "", node("n3", "a")).await;
    assert_eq!(refusal(other), "nodes \"n3\" is forbidden: node \"n1\" is not allowed to modify node \"n3\"");
}

#[tokio::test(start_paused = true)]
async fn a_kubelet_gets_tokens_of_its_pods_alone() {
    let world = World::start().await;
    world.account("default").await;
    let mine = world.pod("mine", value!({"nodeName": "n1"})).await;
    let theirs = world.pod("theirs", value!({"nodeName": "n2"})).await;
    let bound = |pod: &meta::Value| {
        let (name, uid) = (pod.str("metadata.name"), pod.str("metadata.uid"));
        value!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid})
    };
    for (spec, expect) in [
        (value!({"boundObjectRef": (bound(&mine))}), None),
        (value!({}), Some("node requested token not bound to a pod")),
        (
            value!({"boundObjectRef": (bound(&theirs))}),
            Some("node requested token bound to a pod scheduled on a different node"),
        ),
        (
            value!({"boundObjectRef": (bound(&mine)), "audiences": ["x"]}),
            Some(
                "audience \"x\" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience",
            ),
        ),
    ] {
        let answer = world.post(kubelet("n1"), "serviceaccounts", "default", "token", value!({"spec": spec})).await;
        match expect {
            None => drop(answer.expect("it is the node's own pod")),
            Some(why) => assert_eq!(refusal(answer), format!("serviceaccounts \"default\" is forbidden: {why}")),
        }
    }
}
