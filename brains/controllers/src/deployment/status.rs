//! The counts of a Deployment's status, and whether it is available.

use super::rollout::{Rollout, SetCopy};
use crate::conditions::{self, Condition};
use k8s_openapi::api::apps::v1::{DeploymentStatus, ReplicaSetStatus};

impl Rollout<'_> {
    pub(super) fn show_counts(&mut self) {
        let before = self.deployment.status.clone().unwrap_or_default();
        let sum = |count: &dyn Fn(&ReplicaSetStatus) -> i32| self.statuses().map(|status| count(&status)).sum::<i32>();
        let available = sum(&|status| status.available_replicas.unwrap_or(0));
        let updated =
            self.new.and_then(|place| self.sets[place].set.status.as_ref()).map_or(0, |status| status.replicas);
        let unavailable = (self.total() - available).max(0);
        let mut status = DeploymentStatus {
            observed_generation: self.original.metadata.generation,
            replicas: shown(sum(&|status| status.replicas)),
            updated_replicas: shown(updated),
            ready_replicas: shown(sum(&|status| status.ready_replicas.unwrap_or(0))),
            available_replicas: shown(available),
            unavailable_replicas: shown(unavailable),
            terminating_replicas: self.terminating(),
            collision_count: before.collision_count,
            conditions: before.conditions,
        };
        let available = available >= self.replicas() - self.max_unavailable();
        conditions::set(&mut status.conditions, &self.availability(available));
        self.deployment.status = Some(status);
    }

    fn statuses(&self) -> impl Iterator<Item = ReplicaSetStatus> {
        self.sets.iter().map(|copy: &SetCopy| copy.set.status.clone().unwrap_or_default())
    }

    /// Unknown as long as a set that has been looked at does not say.
    fn terminating(&self) -> Option<i32> {
        self.statuses().try_fold(0, |sum, status| match status.terminating_replicas {
            Some(count) => Some(sum + count),
            None if status.observed_generation.unwrap_or(0) == 0 => Some(sum),
            None => None,
        })
    }

    fn availability(&self, available: bool) -> Condition {
        let (status, reason, message) = if available {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        Condition { kind: "Available", status, reason, message: message.into(), now: self.moment.now }
    }
}

/// Upstream leaves zero out of what it writes.
fn shown(count: i32) -> Option<i32> {
    Some(count).filter(|count| *count != 0)
}
