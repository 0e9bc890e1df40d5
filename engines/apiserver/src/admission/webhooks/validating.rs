//! Validating webhooks: all at once; the first refusal in their order is the answer.

use super::{about, call, failed, is_exempt, shown, wanted};
use crate::admission::{Admitting, Plugin};
use crate::webhooks::{About, Hook, Invocation, Verdict};
use futures::future::{BoxFuture, join_all};
use meta::{Status, Value};

pub(in crate::admission) struct ValidatingWebhooks;

impl Plugin for ValidatingWebhooks {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionWebhook"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        !on.api.validating.now().is_empty() && !is_exempt(on)
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(dispatch(on, object))
    }
}

async fn dispatch(on: &Admitting<'_>, object: Option<&Value>) -> Result<(), Status> {
    let (about, hooks) = (about(on, object).await, on.api.validating.now());
    let mut called = Vec::new();
    for hook in hooks.iter() {
        if let Some(to) = about.matches(hook)? {
            called.push((hook, to));
        }
    }
    let answers = join_all(called.iter().map(|(hook, to)| one(on, &about, hook, to, object))).await;
    answers.into_iter().collect()
}

async fn one(
    on: &Admitting<'_>,
    about: &About<'_>,
    hook: &Hook,
    to: &Invocation,
    object: Option<&Value>,
) -> Result<(), Status> {
    let sent = shown(on, object, to).await?;
    if !wanted(on, about, hook, to, &sent).await? {
        return Ok(());
    }
    match call(on, about, hook, to, sent, false).await? {
        Verdict::Allowed { .. } => Ok(()),
        Verdict::Denied(status) => Err(*status),
        Verdict::Failed(why) => failed(hook, &why),
    }
}
