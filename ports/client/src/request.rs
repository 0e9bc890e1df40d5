//! A request as both transports carry it.

use kinds::Verb;
use meta::{CompactString, Gvr, Key, Object, Status, Value};
use plan::Propagation;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Request {
    pub verb: Verb,
    pub resource: Gvr,
    /// A name is absent for collections.
    pub key: Key,
    pub subresource: CompactString,
    pub list: ListOptions,
    pub write: WriteOptions,
    pub delete: DeleteOptions,
    pub body: Body,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    #[default]
    None,
    Object(Value),
    Patch(PatchKind, Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOptions {
    pub label_selector: String,
    pub field_selector: String,
    pub limit: u64,
    pub continue_token: String,
    pub resource_version: String,
    pub version_match: Option<VersionMatch>,
    pub timeout_seconds: Option<u64>,
    pub bookmarks: bool,
    pub send_initial_events: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    Exact,
    NotOlderThan,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteOptions {
    pub dry_run: bool,
    pub field_manager: CompactString,
    /// Strict, Warn or Ignore; empty is the server's default.
    pub field_validation: CompactString,
    pub force: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    pub grace_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
    pub uid: Option<CompactString>,
    pub resource_version: Option<CompactString>,
    /// The deprecated `orphanDependents`, which excludes `propagation`.
    pub orphan_dependents: Option<bool>,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Object(Arc<Object>),
    List { resource_version: u64, continue_token: String, remaining: Option<u64>, items: Vec<Arc<Object>> },
    Status(Status),
}

impl Request {
    pub fn new(verb: Verb, resource: Gvr, key: Key) -> Request {
        Request {
            verb,
            resource,
            key,
            subresource: CompactString::default(),
            list: ListOptions::default(),
            write: WriteOptions::default(),
            delete: DeleteOptions::default(),
            body: Body::None,
        }
    }

    pub fn get(resource: Gvr, key: Key) -> Request {
        Request::new(Verb::Get, resource, key)
    }

    /// All of a namespace, or with an empty one of all namespaces.
    pub fn list(resource: Gvr, namespace: &str) -> Request {
        Request::new(Verb::List, resource, Key::new(namespace, ""))
    }

    pub fn create(resource: Gvr, namespace: &str, object: Value) -> Request {
        Request { body: Body::Object(object), ..Request::new(Verb::Create, resource, Key::new(namespace, "")) }
    }

    pub fn update(resource: Gvr, key: Key, object: Value) -> Request {
        Request { body: Body::Object(object), ..Request::new(Verb::Update, resource, key) }
    }

    pub fn patch(resource: Gvr, key: Key, kind: PatchKind, patch: Value) -> Request {
        Request { body: Body::Patch(kind, patch), ..Request::new(Verb::Patch, resource, key) }
    }

    pub fn delete(resource: Gvr, key: Key) -> Request {
        Request::new(Verb::Delete, resource, key)
    }

    #[must_use]
    pub fn subresource(self, name: &str) -> Request {
        Request { subresource: name.into(), ..self }
    }
}

impl Answer {
    /// The object of an answer that must be one.
    pub fn object(self) -> Result<Arc<Object>, Status> {
        match self {
            Answer::Object(object) => Ok(object),
            Answer::Status(status) => Err(status),
            Answer::List { .. } => Err(Status::internal("a list was answered where an object was asked for")),
        }
    }

    pub fn items(self) -> Result<(u64, Vec<Arc<Object>>), Status> {
        match self {
            Answer::List { resource_version, items, .. } => Ok((resource_version, items)),
            Answer::Status(status) => Err(status),
            Answer::Object(_) => Err(Status::internal("an object was answered where a list was asked for")),
        }
    }
}
