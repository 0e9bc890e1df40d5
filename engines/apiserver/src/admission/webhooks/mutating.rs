//! Mutating webhooks: one after the other, each with what those before it made of the object.

use super::{about, call, failed, is_exempt, shown, wanted};
use crate::admission::{Admitting, Operation, Plugin};
use crate::webhooks::{About, Hook, Invocation, Verdict};
use futures::future::BoxFuture;
use meta::{Status, Value};
use schema::patch::{Format, Patch};

pub(in crate::admission) struct MutatingWebhooks;

impl Plugin for MutatingWebhooks {
    fn name(&self) -> &'static str {
        "MutatingAdmissionWebhook"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        !on.api.mutating.now().is_empty() && !is_exempt(on)
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(dispatch(on, object))
    }

    /// Of what is not written as an object, mutating webhooks may only refuse.
    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            match on.operation {
                Operation::Delete => dispatch(on, &mut Value::Null).await,
                Operation::Connect => dispatch(on, &mut object.cloned().unwrap_or_default()).await,
                Operation::Create | Operation::Update => Ok(()),
            }
        })
    }
}

async fn dispatch(on: &Admitting<'_>, object: &mut Value) -> Result<(), Status> {
    for hook in on.api.mutating.now().iter() {
        if !on.effects.reinvocation(|round| round.calls(&hook.uid)) {
            continue;
        }
        let before = Some(&*object).filter(|object| !object.is_null()).cloned();
        let about = about(on, before.as_ref()).await;
        let Some(to) = about.matches(hook)? else { continue };
        if let Some(changed) = one(on, &about, hook, &to, before.as_ref()).await? {
            *object = changed;
            on.effects.reinvocation(|round| round.changed());
        }
        if hook.again_if_needed {
            on.effects.reinvocation(|round| round.called(&hook.uid));
        }
    }
    Ok(())
}

/// The object as the webhook changed it; none where it left it as it was.
async fn one(
    on: &Admitting<'_>,
    about: &About<'_>,
    hook: &Hook,
    to: &Invocation,
    before: Option<&Value>,
) -> Result<Option<Value>, Status> {
    let sent = shown(on, before, to).await?;
    if !wanted(on, about, hook, to, &sent).await? {
        return Ok(None);
    }
    let patch = match call(on, about, hook, to, sent.clone(), true).await? {
        Verdict::Denied(status) => return Err(*status),
        Verdict::Failed(why) => return failed(hook, &why).map(|()| None),
        Verdict::Allowed { patch: None } => return Ok(None),
        Verdict::Allowed { patch: Some(patch) } => patch,
    };
    if patch.as_list().is_some_and(<[Value]>::is_empty) {
        return Ok(None);
    }
    if on.operation == Operation::Delete || on.operation == Operation::Connect {
        let why = "attempted to modify the object, which is not supported for this operation";
        return Err(Status::internal(format!("admission webhook {:?} {why}", hook.name)));
    }
    let patched = apply(on, to, patch, sent.clone())?;
    if patched == sent {
        return Ok(None);
    }
    let mut stored = on.going.to_storage(patched).await?;
    on.def.rules.default(&mut stored);
    Ok(Some(stored))
}

/// The patched object as its version's schema reads and defaults it.
fn apply(on: &Admitting<'_>, to: &Invocation, patch: Value, sent: Value) -> Result<Value, Status> {
    let row = on.going.table.get(&to.resource.group, &to.resource.resource).ok_or_else(Status::no_such_page)?;
    let schema = &row.def.version(&to.resource.version).ok_or_else(Status::no_such_page)?.schema;
    let body = meta::Decoded { value: patch, duplicates: Vec::new() };
    let patch = Patch::decode(Format::Json, body, false).map_err(|error| Status::internal(format!("{error:?}")))?;
    let patched = patch.apply(schema, sent).map_err(|error| Status::internal(format!("{error:?}")))?;
    let mut read = schema.decode_value(patched).map_err(Status::internal)?.value;
    schema.default(&mut read);
    Ok(read)
}
