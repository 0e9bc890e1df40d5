//! Creation and change, as far as all kinds have it in common.

use super::merge::merge;
use super::removal;
use super::world::World;
use crate::{Answer, Body, PatchKind, Request};
use clock::Clock;
use meta::{CompactString, Key, Status, Time, Value};

/// Written by the server alone.
const SERVERS_OWN: [&str; 4] =
    ["metadata.uid", "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds"];

pub(super) fn create(world: &mut World, request: &Request, clock: &dyn Clock) -> Result<Answer, Status> {
    let Body::Object(object) = &request.body else { return Err(Status::bad_request("a creation needs an object")) };
    match request.subresource.as_str() {
        "" => {}
        "binding" => return bind(world, request, object),
        other => return Err(Status::method_not_supported(&request.resource, &format!("create {other}"))),
    }
    let mut object = object.clone();
    complete(world, request, &mut object, clock)?;
    let key = key_of(&object);
    if world.get(&request.resource, &key).is_some() {
        return Err(Status::already_exists(&request.resource, &key.name));
    }
    world.put(&request.resource, &object).map(Answer::Object)
}

/// Fills in what the server gives to every new object.
fn complete(world: &World, request: &Request, object: &mut Value, clock: &dyn Clock) -> Result<(), Status> {
    let served = world.served(&request.resource)?;
    if served.namespaced {
        admit(world, request)?;
        object.set("metadata.namespace", &request.key.namespace);
    }
    object.set("apiVersion", request.resource_api_version());
    object.set("kind", &served.kind);
    if object.str("metadata.name").is_empty() {
        let base = object.str("metadata.generateName");
        let name = format!("{base}{}", clock.name_suffix());
        object.set("metadata.name", name);
    }
    for field in SERVERS_OWN {
        object.remove(field);
    }
    object.remove("status");
    object.set("metadata.uid", clock.uuid());
    object.set("metadata.creationTimestamp", Time(clock.now()).to_string());
    object.set("metadata.generation", 1_i64);
    match request.resource.resource.as_str() {
        "pods" => object.set("status.phase", "Pending"),
        "namespaces" => {
            object.set("spec.finalizers", vec!["kubernetes"]);
            object.set("status.phase", "Active");
            let name = CompactString::from(object.str("metadata.name"));
            *object.entry("metadata").entry("labels").entry("kubernetes.io/metadata.name") = Value::Str(name);
        }
        _ => {}
    }
    Ok(())
}

/// Nothing is created where there is no namespace, or in one that ends.
fn admit(world: &World, request: &Request) -> Result<(), Status> {
    let namespaces = meta::Gvr::new("", "v1", "namespaces");
    let name = &request.key.namespace;
    let namespace = world.found(&namespaces, &Key::cluster(name.clone()))?;
    if namespace.header.deletion_timestamp.is_none() {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {name} because it is being terminated");
    let mut status = Status::forbidden(&request.resource, "", why);
    let cause = meta::Cause { reason: "NamespaceTerminating".into(), ..meta::Cause::default() };
    status.details.get_or_insert_default().causes.push(cause);
    Err(status)
}

fn bind(world: &mut World, request: &Request, binding: &Value) -> Result<Answer, Status> {
    let mut pod = world.found(&request.resource, &request.key)?.decode_value();
    if !pod.str("spec.nodeName").is_empty() {
        return Err(Status::conflict(&request.resource, &request.key.name, "pod is already assigned to a node"));
    }
    pod.set("spec.nodeName", binding.str("target.name"));
    world.put(&request.resource, &pod)?;
    Ok(Answer::Status(Status { status: "Success".into(), code: 201, ..Status::default() }))
}

pub(super) fn update(world: &mut World, request: &Request) -> Result<Answer, Status> {
    let Body::Object(object) = &request.body else { return Err(Status::bad_request("an update needs an object")) };
    change(world, request, object.clone())
}

pub(super) fn patch(world: &mut World, request: &Request) -> Result<Answer, Status> {
    let Body::Patch(PatchKind::Merge, patch) = &request.body else {
        return Err(Status::failure(meta::Reason::UnsupportedMediaType, "only merge patches are known"));
    };
    let mut object = world.found(&request.resource, &request.key)?.decode_value();
    merge(&mut object, patch);
    change(world, request, object)
}

fn change(world: &mut World, request: &Request, mut new: Value) -> Result<Answer, Status> {
    let found = world.found(&request.resource, &request.key)?.clone();
    let old = found.decode_value();
    guard(request, &new, &old)?;
    carry_over(request, &mut new, &old);
    if removal::ends_with(request, &new) {
        world.put(&request.resource, &new)?;
        return world.remove(&request.resource, &request.key).map(Answer::Object);
    }
    if new == old {
        return Ok(Answer::Object(found));
    }
    world.put(&request.resource, &new).map(Answer::Object)
}

fn guard(request: &Request, new: &Value, old: &Value) -> Result<(), Status> {
    let given = |path: &str| Some(new.str(path)).filter(|text| !text.is_empty());
    let conflict = |why: String| Err(Status::conflict(&request.resource, &request.key.name, why));
    if given("metadata.uid").is_some_and(|uid| uid != old.str("metadata.uid")) {
        return conflict(format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            new.str("metadata.uid"),
            old.str("metadata.uid")
        ));
    }
    if given("metadata.resourceVersion").is_some_and(|version| version != old.str("metadata.resourceVersion")) {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return conflict(why.into());
    }
    Ok(())
}

/// What this request may not write stays as it was.
fn carry_over(request: &Request, new: &mut Value, old: &Value) {
    let keep = |new: &mut Value, field: &str| match old.at(field) {
        Value::Null => drop(new.remove(field)),
        value => new.set(field, value.clone()),
    };
    new.set("apiVersion", old.get("apiVersion").clone());
    new.set("kind", old.get("kind").clone());
    for field in SERVERS_OWN.into_iter().chain(["metadata.resourceVersion", "metadata.generation"]) {
        keep(new, field);
    }
    match request.subresource.as_str() {
        "" => keep(new, "status"),
        "status" => keep(new, "spec"),
        _ => {}
    }
    if new.get("spec") != old.get("spec") {
        new.set("metadata.generation", old.int("metadata.generation") + 1);
    }
}

pub(super) fn key_of(object: &Value) -> Key {
    Key::new(object.str("metadata.namespace"), object.str("metadata.name"))
}

impl Request {
    fn resource_api_version(&self) -> CompactString {
        meta::GroupVersion::new(self.resource.group.clone(), self.resource.version.clone()).api_version()
    }
}
