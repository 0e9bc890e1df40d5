//! What an answer means for the key that asked.

use super::Done;
use crate::barrier::Awaited;
use client::{Answer, Outcome, is_namespace_terminating};
use meta::{Key, Reason, Status};
use plan::{Action, Refusal};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    #[default]
    Done,
    /// Nothing will come of it, and nothing is wrong: the namespace is going away.
    Moot,
    /// The plan was made from what is no longer so: look again.
    Stale,
    /// Refused, or unknown: look again after a while.
    Failed,
}

/// What became of a plan.
#[derive(Default)]
pub(crate) struct Applied {
    pub(crate) verdict: Verdict,
    pub(crate) awaited: Vec<Awaited>,
    /// One for each action that was tried: none where it was done.
    pub(crate) outcomes: Vec<(Verdict, Option<Refusal>)>,
}

impl Applied {
    pub(super) fn add(&mut self, done: Done) {
        self.verdict = self.verdict.max(done.verdict);
        self.awaited.extend(done.awaited);
        self.outcomes.push((done.verdict, done.refusal));
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.outcomes.iter().find_map(|(_, refusal)| refusal.as_ref())
    }
}

pub(super) fn judge(action: &Action, key: Key, answer: Result<Answer, Status>) -> Done {
    match answer {
        Ok(answer) => Done { awaited: written(action, key, answer), refusal: None, verdict: Verdict::Done },
        Err(status) => refused(action, &key, &status),
    }
}

fn written(action: &Action, key: Key, answer: Answer) -> Option<Awaited> {
    let resource = action.resource().clone();
    match (action, answer) {
        (_, Answer::Object(object)) => {
            let revision = object.header.resource_version;
            Some(Awaited::Revision { resource, key: object.key(), revision })
        }
        (Action::Delete { options, .. }, Answer::Status(_)) => {
            Some(Awaited::Gone { resource, key, uid: options.uid.clone() })
        }
        (Action::Post { .. }, Answer::Status(_)) => Some(Awaited::Unsure { resource, key }),
        _ => None,
    }
}

fn refused(action: &Action, key: &Key, status: &Status) -> Done {
    let resource = action.resource().clone();
    let unsure = Some(Awaited::Unsure { resource: resource.clone(), key: key.clone() });
    let gone = |verdict| Done { awaited: unsure.clone(), refusal: None, verdict };
    if status.is(Reason::NotFound) && matches!(action, Action::Delete { .. } | Action::DeleteAll { .. }) {
        return gone(Verdict::Done);
    }
    if is_namespace_terminating(status) {
        return Done { awaited: None, refusal: None, verdict: Verdict::Moot };
    }
    if [Reason::Conflict, Reason::AlreadyExists, Reason::NotFound].iter().any(|reason| status.is(*reason)) {
        return gone(Verdict::Stale);
    }
    if Outcome::of(status) == Outcome::Unknown {
        return gone(Verdict::Failed);
    }
    let refusal =
        Refusal { verb: action.verb().0, resource, reason: status.reason.clone(), message: status.message.clone() };
    Done { awaited: None, refusal: Some(refusal), verdict: Verdict::Failed }
}
