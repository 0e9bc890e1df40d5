//! Resources that are answered rather than stored: reviews of tokens and access, a pod's binding, a token request.
//! One file a resource, one line in [`VIRTUALS`].

mod access_review;
mod binding;
mod component_status;
mod eviction;
mod self_subject;
mod token_request;
mod token_review;

use crate::engine::{Api, Call, Outcome};
use client::Request;
use futures::future::BoxFuture;
use kinds::Verb;
use meta::{Gvk, Object, Status, Time, Value};
use schema::apply::{OneVersion, Resource};
use std::sync::Arc;

/// What is told besides the answer: fields of the body that no schema knows.
pub(crate) type Told = Vec<String>;

type Answering<'a> = BoxFuture<'a, Result<Outcome, Status>>;

pub(crate) trait Virtual: Send + Sync {
    /// Group, resource and subresource that it answers.
    fn of(&self) -> (&'static str, &'static str, &'static str);

    fn verb(&self) -> Verb {
        Verb::Create
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a>;
}

static VIRTUALS: &[&dyn Virtual] = &[
    &self_subject::SelfSubjectReview,
    &access_review::SUBJECT,
    &access_review::SELF_SUBJECT,
    &access_review::LOCAL_SUBJECT,
    &access_review::SelfSubjectRules,
    &binding::PodBinding,
    &binding::LegacyBinding,
    &eviction::PodEviction,
    &component_status::ComponentStatus(Verb::Get),
    &component_status::ComponentStatus(Verb::List),
    &token_request::TokenRequest,
    &token_review::TokenReview,
];

pub(crate) fn find(request: &Request) -> Option<&'static dyn Virtual> {
    let asked = (request.resource.group.as_str(), request.resource.resource.as_str(), request.subresource.as_str());
    let found = VIRTUALS.iter().find(|answered| answered.verb() == request.verb && answered.of() == asked)?;
    Some(*found)
}

/// The body decoded by the type of that name, which it may state in one of these versions of its group.
fn body(call: &Call, told: &mut Told, name: &str, api_versions: &[&str]) -> Result<Value, Status> {
    let schema = kinds::schema_of(name).ok_or_else(|| Status::internal(format!("the tables do not know {name}")))?;
    let kind = name.rsplit('.').next().unwrap_or(name);
    let versions = api_versions.iter().filter_map(|version| meta::GroupVersion::parse(version));
    let wanted: Vec<Gvk> = versions.map(|version| Gvk::new(version.group, version.version, kind)).collect();
    let value = call.body_of(&schema, &wanted, told)?;
    let asked = call.request.key.namespace.as_str();
    match value.str("metadata.namespace") {
        "" => Ok(value),
        given if given == asked || asked.is_empty() => Ok(value),
        _ => Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
    }
}

/// Names the request's manager as the owner of what it asks: reviews pass the same way as what is stored.
fn own(api: &Api, call: &Call, name: &str, value: &mut Value) -> Result<(), Status> {
    let schema = kinds::schema_of(name).ok_or_else(|| Status::internal(format!("the tables do not know {name}")))?;
    let gvk = Gvk::new(call.request.resource.group.as_str(), call.request.resource.version.as_str(), value.str("kind"));
    let resource = Resource { schema: &schema, gvk: &gvk, subresource: "", versions: &OneVersion { reset: None } };
    resource.update(None, value, &call.request.write.field_manager, Time(api.clock.now()));
    Ok(())
}

/// Says one condition of an object, in place of what it said of that before.
fn put_condition(object: &mut Value, condition: Value) {
    let conditions = object.entry("status").entry("conditions");
    let mut all = std::mem::take(conditions.as_list_mut().unwrap_or(&mut Vec::new()));
    all.retain(|known| known.str("type") != condition.str("type"));
    all.push(condition);
    *conditions = Value::List(all);
}

fn answered(mut value: Value) -> Result<Outcome, Status> {
    if value.get("metadata").is_null() {
        value.set("metadata", Value::map());
    }
    let object = Object::from_value(&value).map_err(Status::internal)?;
    Ok(Outcome { created: true, ..Outcome::of(client::Answer::Object(Arc::new(object))) })
}
