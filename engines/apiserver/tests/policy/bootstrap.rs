use crate::world::{World, admin, core};
use apiserver::authn::Authentication;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::Request;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use meta::{Gvr, Value, value};
use std::time::Duration;

const TOKEN: &str = "abcdef.0123456789abcdef";

impl World {
    async fn token_secret(&self) {
        let mut data = Value::map();
        for (key, text) in [
            ("token-id", "abcdef"),
            ("token-secret", "0123456789abcdef"),
            ("usage-bootstrap-authentication", "true"),
            ("auth-extra-groups", "system:bootstrappers:workers"),
        ] {
            data.set(key, STANDARD.encode(text));
        }
        let end = self.server.api.clock.now() + jiff::SignedDuration::from_mins(1);
        data.set("expiration", STANDARD.encode(end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        let metadata = value!({"name": "bootstrap-token-abcdef"});
        let secret = value!({"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "data": data});
        self.given(core("secrets"), "kube-system", secret).await;
    }

    async fn bearer(&self, token: &str) -> Option<(String, Vec<String>)> {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let identity = Authentication.identify(&self.server.api, None, "/api", &headers).await.ok()?;
        Some((identity.name.to_string(), identity.groups.clone()))
    }

    async fn review(&self, audiences: Value) -> Value {
        let spec = value!({"token": TOKEN, "audiences": audiences});
        let of = Gvr::new("authentication.k8s.io", "v1", "tokenreviews");
        let review = value!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec});
        self.call(admin(), Request::create(of, "", review)).await.unwrap().decode_value()
    }
}

#[tokio::test(start_paused = true)]
async fn a_bootstrap_token_stands_for_who_joins_until_it_ends() {
    let world = World::start().await;
    assert_eq!(world.bearer(TOKEN).await, None);
    world.token_secret().await;
    let groups = ["system:bootstrappers", "system:bootstrappers:workers", "system:authenticated"];
    let expect = ("system:bootstrap:abcdef".to_string(), groups.map(Into::into).to_vec());
    assert_eq!(world.bearer(TOKEN).await, Some(expect));
    assert_eq!(world.bearer("abcdef.0123456789abcdeg").await, None);
    assert_eq!(world.bearer("abcdeg.0123456789abcdef").await, None);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(world.bearer(TOKEN).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_bootstrap_token_is_for_this_server() {
    let world = World::start().await;
    world.token_secret().await;
    let review = world.review(value!([])).await;
    assert_eq!(review.str("status.user.username"), "system:bootstrap:abcdef");
    assert!(!world.review(value!(["vault"])).await.bool("status.authenticated"));
}
