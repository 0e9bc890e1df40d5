use crate::world::{World, admin, refusal};
use apiserver::identity::Identity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::{PatchKind, Request};
use meta::{Gvr, Key, Status, Value, value};
use rcgen::{CertificateParams, DnType, KeyPair};

const CLIENT: &str = "kubernetes.io/kube-apiserver-client";
const KUBELET: &str = "kubernetes.io/kube-apiserver-client-kubelet";

fn requests() -> Gvr {
    Gvr::new("certificates.k8s.io", "v1", "certificatesigningrequests")
}

fn asked(name: &str, signer: &str, subject: (&str, &str)) -> Value {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, subject.0);
    params.distinguished_name.push(DnType::OrganizationName, subject.1);
    let request = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
    let spec = value!({"request": (STANDARD.encode(request)), "signerName": signer, "usages": ["client auth"],
        "username": "somebody else", "groups": ["more"]});
    value!({"metadata": {"name": name}, "spec": spec})
}

fn weak() -> Identity {
    let mut weak = Identity::new("weak", &[]);
    weak.uid = "u7".into();
    weak
}

impl World {
    /// Somebody who may do everything with requests, and nothing with signers.
    async fn with_weak() -> World {
        let world = World::start().await;
        world.role("weak", value!({"apiGroups": ["certificates.k8s.io"], "verbs": ["*"],
            "resources": ["certificatesigningrequests", "certificatesigningrequests/approval", "certificatesigningrequests/status"]})).await;
        world
    }

    async fn role(&self, name: &str, rule: Value) {
        let rbac = |plural: &str| Gvr::new("rbac.authorization.k8s.io", "v1", plural);
        let role = value!({"metadata": {"name": name}, "rules": [rule]});
        self.given(rbac("clusterroles"), "", role).await;
        let reference = value!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
        let user = value!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "weak"});
        let binding = value!({"metadata": {"name": name}, "roleRef": reference, "subjects": [user]});
        self.given(rbac("clusterrolebindings"), "", binding).await;
    }

    async fn answer(&self, who: Identity, name: &str, part: &str, status: Value) -> Result<Value, Status> {
        let patch = value!({"status": status});
        let request = Request::patch(requests(), Key::cluster(name), PatchKind::Merge, patch).subresource(part);
        Ok(self.call(who, request).await?.decode_value())
    }
}

fn condition(kind: &str) -> Value {
    value!({"conditions": [{"type": kind, "status": "True"}]})
}

#[tokio::test(start_paused = true)]
async fn a_request_speaks_for_who_made_it() {
    let world = World::with_weak().await;
    let made = world.create(weak(), requests(), "", asked("a", CLIENT, ("ann", "devs"))).await.unwrap();
    let spec = made.get("spec");
    assert_eq!((spec.str("username"), spec.str("uid")), ("weak", "u7"));
    assert_eq!(*spec.get("groups"), value!(["system:authenticated"]));
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_of_those_who_may_for_the_signer() {
    let world = World::with_weak().await;
    world.given(requests(), "", asked("a", CLIENT, ("ann", "devs"))).await;
    let forbidden = |verb: &str| {
        format!(
            "certificatesigningrequests.certificates.k8s.io \"a\" is forbidden: user not permitted to {verb} requests with signerName \"{CLIENT}\""
        )
    };
    assert_eq!(refusal(world.answer(weak(), "a", "approval", condition("Approved")).await), forbidden("approve"));
    assert_eq!(refusal(world.answer(weak(), "a", "status", condition("Failed")).await), forbidden("sign"));
    world
        .role(
            "signers",
            value!({"apiGroups": ["certificates.k8s.io"], "verbs": ["approve", "sign"],
        "resources": ["signers"], "resourceNames": ["kubernetes.io/*"]}),
        )
        .await;
    let approved = world.answer(weak(), "a", "approval", condition("Approved")).await.unwrap();
    assert!(!approved.items("status.conditions")[0].str("lastTransitionTime").is_empty());
    let why = refusal(world.answer(weak(), "a", "status", value!({"certificate": "QQ=="})).await);
    assert!(why.contains("must contain at least one CERTIFICATE PEM block"), "{why}");
    let why = refusal(world.answer(weak(), "a", "approval", condition("Denied")).await);
    assert!(why.ends_with("Forbidden: updates may not remove a condition of type \"Approved\""), "{why}");
}

#[tokio::test(start_paused = true)]
async fn an_approval_takes_nothing_but_conditions() {
    let world = World::start().await;
    world.given(requests(), "", asked("a", CLIENT, ("ann", "devs"))).await;
    let left = world.answer(admin(), "a", "approval", value!({"certificate": "QQ=="})).await.unwrap();
    assert_eq!(*left.get("status"), value!({}));
    let both = value!({"conditions": [{"type": "Approved", "status": "True"}, {"type": "Denied", "status": "True"}]});
    let why = refusal(world.answer(admin(), "a", "approval", both).await);
    assert!(
        why.ends_with(
            "status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive"
        ),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn some_subjects_are_kept_from_some_signers() {
    let world = World::start().await;
    let node = || Identity::new("system:node:one", &["system:nodes"]);
    for (who, signer, subject, expect) in [
        (
            admin(),
            CLIENT,
            ("root", "system:masters"),
            "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed",
        ),
        (node(), KUBELET, ("system:node:two", "system:nodes"), "can only create a node CSR with CN=system:node:one"),
    ] {
        let why = refusal(world.create(who, requests(), "", asked("a", signer, subject)).await);
        assert_eq!(why, format!("certificatesigningrequests.certificates.k8s.io \"a\" is forbidden: {expect}"));
    }
    assert!(
        world.create(node(), requests(), "", asked("a", KUBELET, ("system:node:one", "system:nodes"))).await.is_ok()
    );
}
