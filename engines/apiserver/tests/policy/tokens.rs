use crate::world::{World, admin, core, pod, refusal};
use client::Request;
use meta::{Key, value};
use std::time::Duration;

impl World {
    async fn token(&self, account: &str, spec: meta::Value) -> String {
        let body = value!({"spec": spec});
        let answer = self.post(admin(), "serviceaccounts", account, "token", body).await.expect("a token is given");
        answer.decode_value().str("status.token").to_string()
    }

    async fn verify(&self, token: &str) -> Result<String, String> {
        let api = &self.server.api;
        let verified = api.tokens.verify(api, token, &api.tokens.audiences()).await?;
        Ok(verified.map_or("nobody".into(), |verified| verified.identity.name.to_string()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_for_its_time() {
    let world = World::start().await;
    world.account("web").await;
    let token = world.token("web", value!({"expirationSeconds": 600i64})).await;
    assert_eq!(world.verify(&token).await.as_deref(), Ok("system:serviceaccount:default:web"));
    tokio::time::advance(Duration::from_secs(662)).await;
    assert_eq!(world.verify(&token).await, Err("service account token has expired".into()));
}

#[tokio::test(start_paused = true)]
async fn a_token_dies_with_its_account() {
    let world = World::start().await;
    world.account("web").await;
    let token = world.token("web", value!({})).await;
    let delete = Request::delete(core("serviceaccounts"), Key::new("default", "web"));
    world.call(admin(), delete).await.expect("it can be deleted");
    assert_eq!(world.verify(&token).await, Err("serviceaccounts \"web\" not found".into()));
    world.account("web").await;
    let why = world.verify(&token).await.expect_err("another account has the name now");
    assert!(why.starts_with("service account UID ("), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_bound_to_its_pod() {
    let world = World::start().await;
    world.account("web").await;
    let made =
        world.given(core("pods"), "default", pod("p", value!({"serviceAccountName": "web", "nodeName": "n1"}))).await;
    let reference = value!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": (made.str("metadata.uid"))});
    let token = world.token("web", value!({"boundObjectRef": reference, "expirationSeconds": 3607i64})).await;
    let api = &world.server.api;
    let verified = api.tokens.verify(api, &token, &api.tokens.audiences()).await.unwrap().unwrap();
    assert_eq!(verified.identity.extra["authentication.kubernetes.io/pod-name"], ["p"]);
    assert_eq!(verified.identity.extra["authentication.kubernetes.io/node-name"], ["n1"]);
    tokio::time::advance(Duration::from_secs(7200)).await;
    assert!(world.verify(&token).await.is_ok(), "a pod's own token is extended");
    let mut delete = Request::delete(core("pods"), Key::new("default", "p"));
    delete.delete.grace_seconds = Some(0);
    world.call(admin(), delete).await.expect("it can be deleted");
    assert_eq!(world.verify(&token).await, Err("service account token has been invalidated".into()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_for_is_refused() {
    let world = World::start().await;
    world.account("web").await;
    let of = |kind: &str| value!({"boundObjectRef": {"apiVersion": "v1", "kind": kind, "name": "x"}});
    for (account, spec, expect) in [
        ("none", value!({}), "serviceaccounts \"none\" not found"),
        ("web", of("Pod"), "pods \"x\" not found"),
        ("web", of("Foo"), "cannot bind token to object of type /v1, Kind=Foo"),
        (
            "web",
            value!({"expirationSeconds": 5i64}),
            "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
        ),
    ] {
        let answer = world.post(admin(), "serviceaccounts", account, "token", value!({"spec": (spec.clone())})).await;
        assert_eq!(refusal(answer), expect, "{spec:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_nobodys() {
    let world = World::start().await;
    world.account("web").await;
    let token = world.token("web", value!({})).await;
    assert_eq!(world.verify("garbage").await.as_deref(), Ok("nobody"));
    assert_eq!(world.verify(&World::start().await.token_of_another().await).await, Err("invalid signature".into()));
    assert_eq!(world.verify(&token[..token.len() - 4]).await, Err("invalid signature".into()));
}

impl World {
    async fn token_of_another(&self) -> String {
        self.account("web").await;
        self.token("web", value!({})).await
    }
}
