//! Deletion: preconditions, finalizers, propagation and grace.

use super::select::Selection;
use super::world::World;
use crate::{Answer, DeleteOptions, Request};
use clock::Clock;
use meta::{Key, Object, Status, Time, Value};
use plan::Propagation;
use std::sync::Arc;

const DEFAULT_GRACE_SECONDS: i64 = 30;

pub(super) fn delete(world: &mut World, request: &Request, clock: &dyn Clock) -> Result<Answer, Status> {
    let found = world.found(&request.resource, &request.key)?.clone();
    check(request, &found)?;
    match remove(world, request, &request.key, clock)? {
        Some(ending) => Ok(Answer::Object(ending)),
        None => Ok(Answer::Status(Status::deleted(&request.resource, &request.key.name, &found.header.uid))),
    }
}

pub(super) fn delete_all(world: &mut World, request: &Request, clock: &dyn Clock) -> Result<Answer, Status> {
    let selection = Selection::of(request)?;
    let items: Vec<_> = world.all(&request.resource).filter(|object| selection.matches(object)).cloned().collect();
    for object in &items {
        remove(world, request, &object.key(), clock)?;
    }
    Ok(Answer::List { resource_version: world.revision, continue_token: String::new(), remaining: None, items })
}

fn check(request: &Request, found: &Object) -> Result<(), Status> {
    let DeleteOptions { uid, resource_version, .. } = &request.delete;
    let header = &found.header;
    let conflict = |why: String| Err(Status::conflict(&request.resource, &request.key.name, why));
    if let Some(uid) = uid.as_ref().filter(|uid| **uid != header.uid) {
        return conflict(format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            header.uid
        ));
    }
    let current = header.resource_version.to_string();
    if let Some(version) = resource_version.as_ref().filter(|version| **version != current) {
        return conflict(format!(
            "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {current}"
        ));
    }
    Ok(())
}

/// The object as it goes on while it ends, or none once it has gone.
fn remove(world: &mut World, request: &Request, key: &Key, clock: &dyn Clock) -> Result<Option<Arc<Object>>, Status> {
    let old = world.found(&request.resource, key)?.decode_value();
    let mut ending = old.clone();
    propagate(&mut ending, request.delete.propagation);
    let grace = grace_seconds(request, &ending);
    let sooner = old.at("metadata.deletionGracePeriodSeconds").as_int().is_none_or(|before| grace < before);
    if sooner {
        let now = clock.now();
        let end = now.saturating_add(jiff::SignedDuration::from_secs(grace)).unwrap_or(now);
        ending.set("metadata.deletionGracePeriodSeconds", grace);
        ending.set("metadata.deletionTimestamp", Time(end).to_string());
    }
    if old.at("metadata.deletionTimestamp").is_null() {
        ending.set("metadata.generation", old.int("metadata.generation") + 1);
    }
    if request.resource.resource == "namespaces" {
        ending.set("status.phase", "Terminating");
    }
    if ends_with(request, &ending) {
        world.remove(&request.resource, key)?;
        return Ok(None);
    }
    if ending == old {
        world.found(&request.resource, key).cloned().map(Some)
    } else {
        world.put(&request.resource, &ending).map(Some)
    }
}

fn propagate(object: &mut Value, propagation: Option<Propagation>) {
    let finalizer = match propagation {
        Some(Propagation::Foreground) => Some("foregroundDeletion"),
        Some(Propagation::Orphan) => Some("orphan"),
        Some(Propagation::Background) | None => None,
    };
    let kept = |known: &&Value| !matches!(known.as_str(), Some("foregroundDeletion" | "orphan"));
    if propagation.is_some() {
        let others = object.items("metadata.finalizers").iter().filter(kept).cloned();
        let finalizers: Vec<Value> = others.chain(finalizer.map(Value::from)).collect();
        object.set("metadata.finalizers", Value::List(finalizers));
    }
}

fn grace_seconds(request: &Request, object: &Value) -> i64 {
    let runs = request.resource.resource == "pods"
        && !object.str("spec.nodeName").is_empty()
        && !matches!(object.str("status.phase"), "Succeeded" | "Failed");
    if !runs {
        return 0;
    }
    let own = object.at("spec.terminationGracePeriodSeconds").as_int().unwrap_or(DEFAULT_GRACE_SECONDS);
    request.delete.grace_seconds.unwrap_or(own)
}

/// Whether nothing holds an object that is being deleted any longer.
pub(super) fn ends_with(request: &Request, object: &Value) -> bool {
    let held = request.resource.resource == "namespaces" && !object.items("spec.finalizers").is_empty();
    !object.at("metadata.deletionTimestamp").is_null()
        && object.int("metadata.deletionGracePeriodSeconds") == 0
        && object.items("metadata.finalizers").is_empty()
        && !held
}
