//! Admission by webhooks: which are called for a request, and what their answers do to it.

mod mutating;
mod reinvocation;
mod validating;

pub(super) use mutating::MutatingWebhooks;
pub(crate) use reinvocation::Reinvocation;
pub(super) use validating::ValidatingWebhooks;

use super::expressions::{Authority, Seen, hold, request};
use super::{Admitting, Operation, lookup};
use crate::webhooks::{About, Asked, Hook, Invocation, Verdict, ask, labels_of};
use meta::{Gvk, Gvr, Key, Labels, Status, Value, value};

const GROUP: &str = "admissionregistration.k8s.io";

/// Nothing that a webhook or a policy says may keep people from repairing webhooks and policies.
pub(super) fn is_exempt(on: &Admitting<'_>) -> bool {
    on.def.group == GROUP
}

/// The request as webhooks and policies are matched against it.
pub(super) async fn about<'a>(on: &'a Admitting<'a>, object: Option<&'a Value>) -> About<'a> {
    let request = &on.call.request;
    let of_namespaces = on.def.group.is_empty() && on.def.names.plural == "namespaces";
    let name = on.object_name(object);
    let namespace = if of_namespaces { name } else { request.key.namespace.as_str() };
    About {
        operation: on.operation.word(),
        resource: request.resource.clone(),
        kind: kind_of(on, &request.resource),
        subresource: &request.subresource,
        namespace,
        name,
        equivalents: equivalents(on),
        namespace_labels: match namespace {
            "" => None,
            _ if of_namespaces && on.operation != Operation::Delete && request.subresource.is_empty() => {
                Some(Ok(object.and_then(labels_of).unwrap_or_default()))
            }
            namespace => Some(namespace_labels(on, namespace).await.map_err(Box::new)),
        },
        object,
        old: on.old,
    }
}

async fn namespace_labels(on: &Admitting<'_>, name: &str) -> Result<Labels, Status> {
    let namespaces = Gvr::new("", "v1", "namespaces");
    let found = lookup::must_find(on.api, &namespaces, &Key::cluster(name)).await?;
    Ok(found.header.labels.clone())
}

/// What is sent and answered there: a subresource may have a kind of its own.
fn kind_of(on: &Admitting<'_>, resource: &Gvr) -> Gvk {
    let request = &on.call.request;
    if let Some(connecting) = &on.connecting {
        return connecting.clone();
    }
    let table = &on.going.table;
    let row = table.get(&resource.group, &resource.resource);
    let def = row.map_or(on.def, |row| &row.def);
    let own = def.subresource(&request.subresource, &resource.version).and_then(|part| part.kind.clone());
    own.unwrap_or_else(|| def.gvk(&resource.version))
}

/// The other served versions of the same objects, those of other groups too.
fn equivalents(on: &Admitting<'_>) -> Vec<(Gvr, Gvk)> {
    let same = on.going.table.iter().filter(|row| row.def.storage_prefix == on.def.storage_prefix);
    let versions = same.flat_map(|row| {
        row.def.versions.iter().filter(|version| version.served).map(|version| row.def.gvr(&version.name))
    });
    let others = versions.filter(|resource| *resource != on.call.request.resource);
    others.map(|resource| (resource.clone(), kind_of(on, &resource))).collect()
}

/// The object as a webhook wants to see it.
pub(super) async fn shown(on: &Admitting<'_>, object: Option<&Value>, to: &Invocation) -> Result<Value, Status> {
    let Some(object) = object else { return Ok(Value::Null) };
    let request = &on.call.request;
    if on.connecting.is_some() || object.get("metadata").is_null() {
        return Ok(object.clone());
    }
    if request.subresource == "scale" {
        return on.going.scale_shown(object);
    }
    on.going.shown_as(object.clone(), &to.resource).await
}

/// Whether a webhook's conditions hold for a request.
async fn wanted(
    on: &Admitting<'_>,
    about: &About<'_>,
    hook: &Hook,
    to: &Invocation,
    object: &Value,
) -> Result<bool, Status> {
    if hook.conditions.is_empty() {
        return Ok(true);
    }
    let seen = Seen {
        object: object.clone(),
        old: shown(on, on.old, to).await?,
        params: None,
        namespace: Value::Null,
        request: request(on, about, to),
    };
    let authority = Authority::new(on, about);
    let held = hold(&hook.conditions, &seen.scope(Some(&authority)), hook.ignores_failure);
    held.map_err(|why| on.forbidden(Some(object).filter(|object| !object.is_null()), why))
}

/// Calls one webhook. Its warnings are told whatever it decides.
async fn call(
    on: &Admitting<'_>,
    about: &About<'_>,
    hook: &Hook,
    to: &Invocation,
    object: Value,
    mutating: bool,
) -> Result<Verdict, Status> {
    let dry_run = on.call.request.write.dry_run;
    if dry_run && !hook.dry_runs {
        return Err(Status::bad_request(format!("admission webhook {:?} does not support dry run", hook.name)));
    }
    let old = shown(on, on.old, to).await?;
    let asked = Asked { about, identity: &on.call.identity, dry_run, options: options(on), object, old };
    let (verdict, warnings) = ask(on.api, hook, to, &asked, mutating).await;
    on.effects.warn(warnings);
    Ok(verdict)
}

/// What a failed call means: nothing to a webhook that may fail, the end of the request else.
fn failed(hook: &Hook, why: &str) -> Result<(), Status> {
    let told = format!("failed calling webhook {:?}: {why}", hook.name);
    if hook.ignores_failure {
        tracing::warn!(%told, "a webhook that may fail has failed");
        return Ok(());
    }
    Err(Status::internal(told))
}

/// The options of the request in the API's own form.
pub(super) fn options(on: &Admitting<'_>) -> Value {
    let write = &on.call.request.write;
    let kind = match (on.operation, on.call.request.verb) {
        (Operation::Connect, _) => return Value::Null,
        (Operation::Create, kinds::Verb::Create) => "CreateOptions",
        (Operation::Delete, _) => "DeleteOptions",
        (_, kinds::Verb::Patch) => "PatchOptions",
        _ => "UpdateOptions",
    };
    let mut options = value!({"kind": kind, "apiVersion": "meta.k8s.io/v1"});
    if on.operation != Operation::Delete {
        options.set("fieldManager", &write.field_manager);
        if !write.field_validation.is_empty() {
            options.set("fieldValidation", &write.field_validation);
        }
    }
    if write.dry_run {
        options.set("dryRun", value!(["All"]));
    }
    options
}
