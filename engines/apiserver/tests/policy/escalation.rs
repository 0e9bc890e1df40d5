use crate::world::{World, refusal};
use apiserver::identity::Identity;
use meta::{Gvr, Value, value};

fn rbac(plural: &str) -> Gvr {
    Gvr::new("rbac.authorization.k8s.io", "v1", plural)
}

fn role(name: &str, verbs: Value, resources: Value) -> Value {
    value!({"metadata": {"name": name}, "rules": [
        {"verbs": verbs, "apiGroups": ["", "rbac.authorization.k8s.io"], "resources": resources},
    ]})
}

fn binding(name: &str, role: &str) -> Value {
    value!({"metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane"}]})
}

/// Jane may write roles and bindings, and read pods.
async fn world() -> World {
    let world = World::start().await;
    let roles = role("writer", value!(["create", "update"]), value!(["roles", "rolebindings"]));
    world.given(rbac("roles"), "default", roles).await;
    world.given(rbac("roles"), "default", role("reader", value!(["get"]), value!(["pods"]))).await;
    world.given(rbac("roles"), "default", role("deleter", value!(["delete"]), value!(["pods"]))).await;
    for name in ["writer", "reader"] {
        world.given(rbac("rolebindings"), "default", binding(name, name)).await;
    }
    world
}

fn jane() -> Identity {
    Identity::new("jane", &[])
}

const WHY: &str = "user \"jane\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}\n{APIGroups:[\"rbac.authorization.k8s.io\"], Resources:[\"pods\"], Verbs:[\"delete\"]}";

#[tokio::test(start_paused = true)]
async fn nobody_grants_what_he_does_not_hold() {
    let world = world().await;
    let held = role("a", value!(["get"]), value!(["pods"]));
    world.create(jane(), rbac("roles"), "default", held).await.expect("she holds it");
    let more = role("b", value!(["get", "delete"]), value!(["pods"]));
    let refused = refusal(world.create(jane(), rbac("roles"), "default", more).await);
    assert_eq!(refused, format!("roles.rbac.authorization.k8s.io \"b\" is forbidden: {WHY}"));
}

#[tokio::test(start_paused = true)]
async fn nobody_binds_what_he_does_not_hold() {
    let world = world().await;
    world.create(jane(), rbac("rolebindings"), "default", binding("a", "reader")).await.expect("she holds it");
    let refused = refusal(world.create(jane(), rbac("rolebindings"), "default", binding("b", "deleter")).await);
    assert_eq!(refused, format!("rolebindings.rbac.authorization.k8s.io \"b\" is forbidden: {WHY}"));
    let bind = value!({"metadata": {"name": "binder"}, "rules": [
        {"verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "resourceNames": ["deleter"]},
    ]});
    world.given(rbac("roles"), "default", bind).await;
    world.given(rbac("rolebindings"), "default", binding("binder", "binder")).await;
    world.create(jane(), rbac("rolebindings"), "default", binding("b", "deleter")).await.expect("she may bind it");
}
