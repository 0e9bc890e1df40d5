//! I/O: the API over HTTPS: the client port for parts that run in another process than the server.

mod catalog;
mod connection;
mod events;
mod path;

pub use connection::{Credentials, OpenError};

use bytes::Bytes;
use client::{Answer, ApiClient, Body, PatchKind, Request, Watch};
use connection::Connections;
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use kinds::Verb;
use meta::{Object, Reason, Status, Value, value};
use plan::Catalog;
use std::sync::Arc;

/// One identity's door to a server.
pub struct HttpClient {
    connections: Connections,
}

impl HttpClient {
    /// `server` is an `https://` address; nothing is sent before the first call.
    pub fn open(server: &str, credentials: &Credentials, agent: &str) -> Result<HttpClient, OpenError> {
        Ok(HttpClient { connections: Connections::open(server, credentials, agent)? })
    }

    async fn call_once(&self, request: Request) -> Result<Answer, Status> {
        let (method, content_type, body) = payload(&request);
        let answer = self.connections.send(method, &path::of(&request, false), content_type, body).await?;
        let (code, body) = answer.whole().await?;
        read(code, &body, &request)
    }

    async fn follow(&self, mut request: Request) -> Result<Watch, Status> {
        request.verb = Verb::Watch;
        let answer = self.connections.send(Method::GET, &path::of(&request, true), "", Bytes::new()).await?;
        if answer.code() == StatusCode::OK {
            return Ok(events::stream(answer));
        }
        let (code, body) = answer.whole().await?;
        Err(refusal(code, &body))
    }
}

impl ApiClient for HttpClient {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        Box::pin(self.call_once(request))
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        Box::pin(self.follow(request))
    }

    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
        Box::pin(catalog::discover(&self.connections))
    }
}

/// Method, content type and body of a request.
fn payload(request: &Request) -> (Method, &'static str, Bytes) {
    let json = |value: &Value| Bytes::from(value.to_json());
    match (&request.verb, &request.body) {
        (Verb::Create, Body::Object(object)) => (Method::POST, "application/json", json(object)),
        (Verb::Update, Body::Object(object)) => (Method::PUT, "application/json", json(object)),
        (Verb::Patch, Body::Patch(kind, patch)) => (Method::PATCH, patch_type(*kind), json(patch)),
        (Verb::Delete | Verb::DeleteCollection, _) => {
            (Method::DELETE, "application/json", json(&delete_options(request)))
        }
        (Verb::Create, _) => (Method::POST, "application/json", Bytes::new()),
        (Verb::Update, _) => (Method::PUT, "application/json", Bytes::new()),
        _ => (Method::GET, "", Bytes::new()),
    }
}

fn patch_type(kind: PatchKind) -> &'static str {
    match kind {
        PatchKind::Json => "application/json-patch+json",
        PatchKind::Merge => "application/merge-patch+json",
        PatchKind::Strategic => "application/strategic-merge-patch+json",
        PatchKind::Apply => "application/apply-patch+yaml",
    }
}

fn delete_options(request: &Request) -> Value {
    let options = &request.delete;
    let mut value = value!({"apiVersion": "v1", "kind": "DeleteOptions"});
    if let Some(seconds) = options.grace_seconds {
        value.set("gracePeriodSeconds", seconds);
    }
    if let Some(propagation) = options.propagation {
        value.set("propagationPolicy", format!("{propagation:?}"));
    }
    if let Some(uid) = &options.uid {
        value.set("preconditions.uid", uid);
    }
    if let Some(version) = &options.resource_version {
        value.set("preconditions.resourceVersion", version);
    }
    if let Some(orphan) = options.orphan_dependents {
        value.set("orphanDependents", orphan);
    }
    value
}

fn read(code: StatusCode, body: &[u8], request: &Request) -> Result<Answer, Status> {
    if !code.is_success() {
        return Err(refusal(code, body));
    }
    let mut value = meta::parse(body).map_err(|error| Status::internal(format!("the answer is no JSON: {error}")))?;
    if matches!(request.verb, Verb::List | Verb::DeleteCollection) && value.str("kind").ends_with("List") {
        return list(&mut value);
    }
    if value.str("kind") == "Status" && value.str("apiVersion") == "v1" {
        return value.decode().map(Answer::Status).map_err(Status::internal);
    }
    Object::from_value(&value).map(|object| Answer::Object(Arc::new(object))).map_err(Status::internal)
}

fn list(value: &mut Value) -> Result<Answer, Status> {
    let kind = value.str("kind").trim_end_matches("List").to_string();
    let api_version = value.str("apiVersion").to_string();
    let items = value.get_mut("items").and_then(Value::as_list_mut).map(std::mem::take).unwrap_or_default();
    let object = |mut item: Value| {
        // Items of built-in kinds come without their type.
        item.set_if_absent("kind", kind.as_str());
        item.set_if_absent("apiVersion", api_version.as_str());
        Object::from_value(&item).map(Arc::new).map_err(Status::internal)
    };
    Ok(Answer::List {
        items: items.into_iter().map(object).collect::<Result<_, _>>()?,
        resource_version: value.str("metadata.resourceVersion").parse().unwrap_or(0),
        continue_token: value.str("metadata.continue").into(),
        remaining: value.at("metadata.remainingItemCount").as_int().and_then(|n| u64::try_from(n).ok()),
    })
}

/// The status of an answer that is no success; one is made where the body is none.
fn refusal(code: StatusCode, body: &[u8]) -> Status {
    let told = meta::parse(body).ok().filter(|value| value.str("kind") == "Status");
    if let Some(status) = told.and_then(|value| value.decode::<Status>().ok()) {
        return status;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(256)]).into_owned();
    Status {
        code: code.as_u16(),
        ..Status::failure(Reason::InternalError, format!("the server answered {code}: {text}"))
    }
}
