//! The Progressing condition: whether a rollout moves, and whether it took too long.

use super::rollout::Rollout;
use crate::conditions::{self, Condition};
use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::{DeploymentCondition, DeploymentStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

const KIND: &str = "Progressing";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Found,
    Created,
    CreateFailed,
    Updated,
    Complete,
    TimedOut,
    Paused,
    Resumed,
}

impl Progress {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Progress::Found => ("True", "FoundNewReplicaSet"),
            Progress::Created => ("True", "NewReplicaSetCreated"),
            Progress::CreateFailed => ("False", "ReplicaSetCreateError"),
            Progress::Updated => ("True", "ReplicaSetUpdated"),
            Progress::Complete => ("True", "NewReplicaSetAvailable"),
            Progress::TimedOut => ("False", "ProgressDeadlineExceeded"),
            Progress::Paused => ("Unknown", "DeploymentPaused"),
            Progress::Resumed => ("Unknown", "DeploymentResumed"),
        }
    }

    fn is(self, condition: &DeploymentCondition) -> bool {
        condition.reason.as_deref() == Some(self.words().1)
    }
}

impl Rollout<'_> {
    fn deadline(&self) -> Option<SignedDuration> {
        let seconds = self.spec().progress_deadline_seconds.filter(|seconds| *seconds != i32::MAX)?;
        Some(SignedDuration::from_secs(seconds.into()))
    }

    pub(super) fn has_progress_deadline(&self) -> bool {
        self.deadline().is_some()
    }

    pub(super) fn progress(&self) -> Option<&DeploymentCondition> {
        conditions::get(&self.deployment.status.as_ref()?.conditions, KIND)
    }

    pub(super) fn show_progress(&mut self, progress: Progress, message: String) {
        let condition = self.condition(progress, message);
        conditions::set(&mut self.status().conditions, &condition);
    }

    fn condition(&self, progress: Progress, message: String) -> Condition {
        let (status, reason) = progress.words();
        Condition { kind: KIND, status, reason, message, now: self.moment.now }
    }

    /// The clock of the deadline stands still while a Deployment is paused.
    pub(super) fn show_paused(&mut self) {
        if !self.has_progress_deadline() || self.progress().is_some_and(|current| Progress::TimedOut.is(current)) {
            return;
        }
        let shown = self.progress().is_some_and(|current| Progress::Paused.is(current));
        match (self.spec().paused == Some(true), shown) {
            (true, false) => self.show_progress(Progress::Paused, "Deployment is paused".into()),
            (false, true) => self.show_progress(Progress::Resumed, "Deployment is resumed".into()),
            _ => {}
        }
    }

    /// The status of a rollout: counts, and how it goes.
    pub(super) fn show_rollout(&mut self) {
        let before = self.deployment.status.clone().unwrap_or_default();
        self.show_counts();
        let after = self.deployment.status.clone().unwrap_or_default();
        if !self.has_progress_deadline() {
            conditions::remove(&mut self.status().conditions, KIND);
        } else if !is_settled(&before, &after) {
            self.judge(&before, &after);
        }
        self.show_failures();
        if self.deployment == *self.original {
            self.watch_deadline(&after);
        }
    }

    fn judge(&mut self, before: &DeploymentStatus, after: &DeploymentStatus) {
        let subject = match self.new {
            Some(place) => format!("ReplicaSet {:?}", self.sets[place].name()),
            None => format!("Deployment {:?}", self.name()),
        };
        if self.is_complete(after) {
            self.show_progress(Progress::Complete, format!("{subject} has successfully progressed."));
        } else if moves(before, after) {
            self.show_movement(format!("{subject} is progressing."));
        } else if self.is_late() {
            self.show_progress(Progress::TimedOut, format!("{subject} has timed out progressing."));
        }
    }

    /// Each step is shown anew, with the time of the last transition kept: the deadline counts from the last step.
    fn show_movement(&mut self, message: String) {
        let condition = self.condition(Progress::Updated, message);
        let since =
            self.progress().filter(|current| current.status == "True").and_then(|c| c.last_transition_time.clone());
        let now = self.moment.now;
        let moved = <DeploymentCondition as conditions::Conditional>::make(&condition, since.unwrap_or(Time(now)));
        conditions::put(&mut self.status().conditions, moved);
    }

    pub(super) fn is_complete(&self, status: &DeploymentStatus) -> bool {
        let all = Some(self.replicas());
        status.updated_replicas.or(Some(0)) == all
            && status.replicas.or(Some(0)) == all
            && status.available_replicas.or(Some(0)) == all
            && status.observed_generation.unwrap_or(0) >= self.original.metadata.generation.unwrap_or(0)
    }

    fn is_late(&self) -> bool {
        let (Some(deadline), Some(current)) = (self.deadline(), self.progress()) else { return false };
        if Progress::Complete.is(current) {
            return false;
        }
        let overdue = |since: &Time| self.moment.now.duration_since(since.0) > deadline;
        Progress::TimedOut.is(current) || current.last_update_time.as_ref().is_some_and(overdue)
    }

    /// Nothing may change any more: look when the deadline passes.
    fn watch_deadline(&mut self, status: &DeploymentStatus) {
        let (Some(deadline), Some(current)) = (self.deadline(), self.progress()) else { return };
        if self.is_complete(status) || Progress::TimedOut.is(current) {
            return;
        }
        let Some(since) = &current.last_update_time else { return };
        let left = deadline - self.moment.now.duration_since(since.0);
        self.again_after = Some(left.max(SignedDuration::ZERO) + SignedDuration::from_secs(1));
    }

    /// What keeps a set from creating pods is shown on the Deployment: the new set's trouble before the others'.
    fn show_failures(&mut self) {
        let failure = |place: &usize| {
            let conditions = &self.sets[*place].set.status.as_ref()?.conditions;
            conditions::get(conditions, "ReplicaFailure").cloned()
        };
        let places: Vec<usize> = self.new.into_iter().chain(self.olds()).collect();
        let found = places.iter().find_map(failure);
        let conditions = &mut self.status().conditions;
        let Some(found) = found else { return conditions::remove(conditions, "ReplicaFailure") };
        let same = |shown: &DeploymentCondition| shown.status == found.status && shown.reason == found.reason;
        if !conditions::get(conditions, "ReplicaFailure").is_some_and(same) {
            let shown = DeploymentCondition {
                type_: found.type_,
                status: found.status,
                reason: found.reason,
                message: found.message,
                last_update_time: found.last_transition_time.clone(),
                last_transition_time: found.last_transition_time,
            };
            conditions::put(conditions, shown);
        }
    }
}

/// An earlier rollout was complete and nothing else has begun.
fn is_settled(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let complete = conditions::get(&before.conditions, KIND).is_some_and(|current| Progress::Complete.is(current));
    complete && after.replicas.unwrap_or(0) == after.updated_replicas.unwrap_or(0)
}

fn moves(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let count = |count: Option<i32>| count.unwrap_or(0);
    let old = |status: &DeploymentStatus| count(status.replicas) - count(status.updated_replicas);
    count(after.updated_replicas) > count(before.updated_replicas)
        || old(after) < old(before)
        || count(after.ready_replicas) > count(before.ready_replicas)
        || count(after.available_replicas) > count(before.available_replicas)
}
