//! Applies a plan through the API: in order, equals side by side, and no further than the first refusal.

mod request;
mod verdict;

pub(crate) use verdict::{Applied, Verdict};

use crate::barrier::Awaited;
use client::{Answer, ApiClient};
use futures::future::join_all;
use meta::{Reason, Status, Value};
use plan::{Action, Fact, Refusal};
use std::collections::VecDeque;
use verdict::judge;

/// Of many creations the first goes alone, then 2, 4, 8: where one is refused, so would be the rest.
const FIRST_BATCH: usize = 1;
const LARGEST_BATCH: usize = 256;

/// What became of one action.
pub(crate) struct Done {
    pub(crate) awaited: Option<Awaited>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) verdict: Verdict,
}

pub(crate) async fn apply(actions: Vec<Action>, client: &dyn ApiClient, name: impl Fn(&str) -> String) -> Applied {
    let mut applied = Applied::default();
    let mut rest = VecDeque::from(actions);
    while let Some(first) = rest.front()
        && applied.verdict == Verdict::Done
    {
        let equals = rest.iter().take_while(|next| first.is_equal_of(next)).count().max(1);
        let run: Vec<Action> = rest.drain(..equals).collect();
        apply_run(run, client, &name, &mut applied).await;
    }
    applied
}

async fn apply_run(run: Vec<Action>, client: &dyn ApiClient, name: &impl Fn(&str) -> String, applied: &mut Applied) {
    let mut batch = if matches!(run[0], Action::Create { .. }) { FIRST_BATCH } else { LARGEST_BATCH };
    let mut rest = run.into_iter();
    while !rest.as_slice().is_empty() && applied.verdict == Verdict::Done {
        let done = join_all(rest.by_ref().take(batch).map(|action| apply_one(action, client, name))).await;
        done.into_iter().for_each(|done| applied.add(done));
        batch = (batch * 2).min(LARGEST_BATCH);
    }
}

async fn apply_one(mut action: Action, client: &dyn ApiClient, name: &impl Fn(&str) -> String) -> Done {
    let body = action.take_body();
    let asked = request::of(&action, body, name);
    let key = request::target(&asked);
    let answer = match client.call(asked).await {
        Ok(Answer::Status(status)) if status.status != "Success" => Err(status),
        answer => answer,
    };
    match &action {
        Action::Confirm(fact) => confirm(&action, fact, answer),
        action => judge(action, key, answer),
    }
}

/// Whether what was seen is still so.
fn confirm(action: &Action, fact: &Fact, answer: Result<Answer, Status>) -> Done {
    let holds = match (fact, answer) {
        (Fact::Absent { uid, .. }, Ok(Answer::Object(object))) => {
            Ok(uid.as_ref().is_some_and(|uid| object.header.uid != *uid))
        }
        (Fact::Alive { uid, .. }, Ok(Answer::Object(object))) => {
            Ok(object.header.uid == *uid && object.header.deletion_timestamp.is_none())
        }
        (Fact::Empty { .. }, Ok(Answer::List { items, .. })) => Ok(items.is_empty()),
        (Fact::Allowed { .. }, Ok(Answer::Object(review))) => return allowed(action, &review.decode_value()),
        (_, Ok(_)) => Err(Status::internal("another thing was answered than was asked for")),
        (Fact::Absent { .. }, Err(status)) if status.is(Reason::NotFound) => Ok(true),
        (Fact::Alive { .. }, Err(status)) if status.is(Reason::NotFound) => Ok(false),
        (_, Err(status)) => Err(status),
    };
    let verdict = match holds {
        Ok(true) => Verdict::Done,
        Ok(false) => Verdict::Stale,
        Err(_) => Verdict::Failed,
    };
    Done { awaited: None, refusal: None, verdict }
}

/// The controller hears of a refusal: what may not be done for one reason may be for another.
fn allowed(action: &Action, review: &Value) -> Done {
    if review.bool("status.allowed") {
        return Done { awaited: None, refusal: None, verdict: Verdict::Done };
    }
    let asked = review.at("spec.resourceAttributes");
    let what = format!("{}/{}", asked.str("resource"), asked.str("subresource"));
    let why = format!("user {:?} may not {} {what}", review.str("spec.user"), asked.str("verb"));
    let Status { reason, message, .. } = Status::forbidden(action.resource(), "", why);
    let refusal = Refusal { verb: action.verb().0, resource: action.resource().clone(), reason, message };
    Done { awaited: None, refusal: Some(refusal), verdict: Verdict::Failed }
}

#[cfg(test)]
mod tests;
