//! Applies a plan through the API: in order, equals side by side, and no further than the first refusal.

mod request;
mod verdict;

pub(crate) use verdict::{Applied, Verdict};

use crate::barrier::Awaited;
use client::{Answer, ApiClient};
use futures::future::join_all;
use meta::Status;
use plan::{Action, Fact, Plan, Refusal};
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

pub(crate) async fn apply(plan: &Plan, client: &dyn ApiClient, name: impl Fn(&str) -> String) -> Applied {
    let mut applied = Applied::default();
    let mut rest = &plan.actions[..];
    while let [first, later @ ..] = rest
        && applied.verdict == Verdict::Done
    {
        let equals = 1 + later.iter().take_while(|next| first.is_equal_of(next)).count();
        let (run, after) = rest.split_at(equals);
        apply_run(run, client, &name, &mut applied).await;
        rest = after;
    }
    applied
}

async fn apply_run(run: &[Action], client: &dyn ApiClient, name: &impl Fn(&str) -> String, applied: &mut Applied) {
    let mut batch = if matches!(run[0], Action::Create { .. }) { FIRST_BATCH } else { LARGEST_BATCH };
    let mut rest = run;
    while !rest.is_empty() && applied.verdict == Verdict::Done {
        let (now, later) = rest.split_at(batch.min(rest.len()));
        let done = join_all(now.iter().map(|action| apply_one(action, client, name))).await;
        done.into_iter().for_each(|done| applied.add(done));
        rest = later;
        batch = (batch * 2).min(LARGEST_BATCH);
    }
}

async fn apply_one(action: &Action, client: &dyn ApiClient, name: &impl Fn(&str) -> String) -> Done {
    let asked = request::of(action, name);
    let key = request::target(&asked);
    let answer = match client.call(asked).await {
        Ok(Answer::Status(status)) if status.status != "Success" => Err(status),
        answer => answer,
    };
    match action {
        Action::Confirm(fact) => confirm(fact, answer),
        _ => judge(action, key, answer),
    }
}

/// Whether what was seen is still so.
fn confirm(fact: &Fact, answer: Result<Answer, Status>) -> Done {
    let holds = match (fact, answer) {
        (Fact::Absent { uid, .. }, Ok(Answer::Object(object))) => {
            Ok(uid.as_ref().is_some_and(|uid| object.header.uid != *uid))
        }
        (Fact::Alive { uid, .. }, Ok(Answer::Object(object))) => {
            Ok(object.header.uid == *uid && object.header.deletion_timestamp.is_none())
        }
        (Fact::Empty { .. }, Ok(Answer::List { items, .. })) => Ok(items.is_empty()),
        (_, Ok(_)) => Err(Status::internal("another thing was answered than was asked for")),
        (Fact::Absent { .. }, Err(status)) if status.is(meta::Reason::NotFound) => Ok(true),
        (Fact::Alive { .. }, Err(status)) if status.is(meta::Reason::NotFound) => Ok(false),
        (_, Err(status)) => Err(status),
    };
    let verdict = match holds {
        Ok(true) => Verdict::Done,
        Ok(false) => Verdict::Stale,
        Err(_) => Verdict::Failed,
    };
    Done { awaited: None, refusal: None, verdict }
}

#[cfg(test)]
mod tests;
