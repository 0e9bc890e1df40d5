//! An action as a request.

use client::{Body, DeleteOptions, ListOptions, PatchKind, Request};
use kinds::Verb;
use meta::{Key, Value};
use plan::{Action, Deletion, Fact, Propagation};

/// `body` is what the action has brought.
pub(super) fn of(action: &Action, body: Value, name: &impl Fn(&str) -> String) -> Request {
    match action.clone() {
        Action::Create { resource, namespace, .. } => Request::create(resource, &namespace, named(body, name)),
        Action::Update { resource, key, subresource, .. } => {
            Request::update(resource, key, body).subresource(subresource)
        }
        Action::Merge { resource, key, subresource, .. } => {
            Request::patch(resource, key, PatchKind::Merge, body).subresource(subresource)
        }
        Action::Delete { resource, key, options: Deletion { uid, resource_version, propagation, grace_seconds } } => {
            let delete =
                DeleteOptions { uid, resource_version, propagation, grace_seconds, ..DeleteOptions::default() };
            Request { delete, ..Request::delete(resource, key) }
        }
        Action::DeleteAll { resource, namespace } => {
            let delete = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
            Request { delete, ..Request::new(Verb::DeleteCollection, resource, Key::new(namespace, "")) }
        }
        Action::Post { resource, key, subresource, .. } => {
            let request = Request { body: Body::Object(body), ..Request::new(Verb::Create, resource, key) };
            request.subresource(subresource)
        }
        Action::Confirm(Fact::Absent { resource, key, .. } | Fact::Alive { resource, key, .. }) => {
            Request::get(resource, key)
        }
        Action::Confirm(Fact::Empty { resource, namespace }) => {
            let list = ListOptions { limit: 1, ..ListOptions::default() };
            Request { list, ..Request::list(resource, &namespace) }
        }
        Action::Confirm(Fact::Allowed { resource, review }) => Request::create(resource, "", review),
    }
}

/// The name is drawn on this side, so that a creation whose answer is lost can be looked for.
fn named(mut object: Value, name: &impl Fn(&str) -> String) -> Value {
    if object.str("metadata.name").is_empty() {
        let drawn = name(object.str("metadata.generateName"));
        object.set("metadata.name", drawn);
    }
    object
}

/// The object that a request is about.
pub(super) fn target(request: &Request) -> Key {
    match &request.body {
        Body::Object(object) if request.key.name.is_empty() => {
            Key::new(request.key.namespace.clone(), object.str("metadata.name"))
        }
        _ => request.key.clone(),
    }
}
