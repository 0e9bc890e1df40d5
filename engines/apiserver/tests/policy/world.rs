//! A server without a network.

use apiserver::authn::Keys;
use apiserver::identity::{Identity, MASTERS};
use apiserver::{ApiServer, Config, InProcess};
use client::{ApiClient, Request};
use clock::{Clock, VirtualClock};
use meta::{Gvr, Key, Object, Status, Value, value};
use std::sync::Arc;

pub struct World {
    pub server: ApiServer,
}

pub fn core(plural: &str) -> Gvr {
    Gvr::new("", "v1", plural)
}

pub fn admin() -> Identity {
    Identity::new("admin", &[MASTERS])
}

impl World {
    pub async fn start() -> World {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(1));
        let signer = rcgen::KeyPair::generate().expect("a key can be made").serialize_pem();
        let keys = Keys::open(&signer, "").expect("the key is good");
        let config = Config::alone(Arc::new(store::Memory::new(clock.clone())), clock, keys);
        World { server: ApiServer::start(config).await.expect("the server starts") }
    }

    /// What it has written is seen by whatever comes next.
    pub async fn call(&self, who: Identity, request: Request) -> Result<Arc<Object>, Status> {
        let answer = InProcess::new(self.server.api.clone(), who, "test").call(request).await;
        self.server.api.fresh().await?;
        answer?.object()
    }

    pub async fn create(&self, who: Identity, of: Gvr, namespace: &str, object: Value) -> Result<Value, Status> {
        let made = self.call(who, Request::create(of, namespace, object)).await?;
        Ok(made.decode_value())
    }

    /// By the administrator, who may.
    pub async fn given(&self, of: Gvr, namespace: &str, object: Value) -> Value {
        self.create(admin(), of, namespace, object).await.expect("what a test needs can be made")
    }

    pub async fn account(&self, name: &str) {
        self.given(core("serviceaccounts"), "default", value!({"metadata": {"name": name}})).await;
    }

    pub async fn pod(&self, name: &str, spec: Value) -> Value {
        self.given(core("pods"), "default", pod(name, spec)).await
    }

    /// A part of an object that is made by posting to it.
    pub async fn post(
        &self,
        who: Identity,
        of: &str,
        name: &str,
        part: &str,
        body: Value,
    ) -> Result<Arc<Object>, Status> {
        let mut request = Request::create(core(of), "default", body).subresource(part);
        request.key = Key::new("default", name);
        self.call(who, request).await
    }
}

pub fn pod(name: &str, mut spec: Value) -> Value {
    spec.set_if_absent("containers", value!([{"name": "a", "image": "a"}]));
    value!({"metadata": {"name": name, "labels": {"app": "web"}}, "spec": spec})
}

/// The message of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    result.expect_err("it should have been refused").message
}
