//! What ReplicaSets and ReplicationControllers have in common.

use crate::labels;
use crate::ownership::Described;
use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{
    PodTemplateSpec, ReplicationController, ReplicationControllerCondition, ReplicationControllerStatus,
};
use meta::selector::LabelSelector;

pub(crate) struct Set {
    pub(super) generation: i64,
    pub(super) replicas: i32,
    pub(super) min_ready_seconds: i32,
    pub(super) selector: LabelSelector,
    pub(super) template: PodTemplateSpec,
    pub(super) status: Status,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Status {
    pub(super) replicas: i32,
    pub(super) fully_labeled: i32,
    pub(super) ready: i32,
    pub(super) available: i32,
    /// Told by ReplicaSets alone.
    pub(super) terminating: Option<i32>,
    pub(super) observed_generation: i64,
    pub(super) conditions: Option<Vec<ReplicaSetCondition>>,
}

pub(crate) trait Replicated: Described {
    const TELLS_TERMINATING: bool;
    fn set(&self) -> Set;
    fn with_status(&self, status: &Status) -> Self;
}

/// Upstream leaves zero out of what it writes.
fn shown(count: i32) -> Option<i32> {
    Some(count).filter(|count| *count != 0)
}

impl Replicated for ReplicaSet {
    const TELLS_TERMINATING: bool = true;

    fn set(&self) -> Set {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        Set {
            generation: self.metadata.generation.unwrap_or(0),
            replicas: spec.replicas.unwrap_or(1),
            min_ready_seconds: spec.min_ready_seconds.unwrap_or(0),
            selector: labels::selector(Some(&spec.selector)),
            template: spec.template.unwrap_or_default(),
            status: Status {
                replicas: status.replicas,
                fully_labeled: status.fully_labeled_replicas.unwrap_or(0),
                ready: status.ready_replicas.unwrap_or(0),
                available: status.available_replicas.unwrap_or(0),
                terminating: status.terminating_replicas,
                observed_generation: status.observed_generation.unwrap_or(0),
                conditions: status.conditions,
            },
        }
    }

    fn with_status(&self, status: &Status) -> ReplicaSet {
        let status = ReplicaSetStatus {
            replicas: status.replicas,
            fully_labeled_replicas: shown(status.fully_labeled),
            ready_replicas: shown(status.ready),
            available_replicas: shown(status.available),
            terminating_replicas: status.terminating,
            observed_generation: Some(status.observed_generation),
            conditions: status.conditions.clone(),
        };
        ReplicaSet { status: Some(status), ..self.clone() }
    }
}

impl Replicated for ReplicationController {
    const TELLS_TERMINATING: bool = false;

    fn set(&self) -> Set {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        Set {
            generation: self.metadata.generation.unwrap_or(0),
            replicas: spec.replicas.unwrap_or(1),
            min_ready_seconds: spec.min_ready_seconds.unwrap_or(0),
            selector: labels::equal(spec.selector.as_ref()),
            template: spec.template.unwrap_or_default(),
            status: Status {
                replicas: status.replicas,
                fully_labeled: status.fully_labeled_replicas.unwrap_or(0),
                ready: status.ready_replicas.unwrap_or(0),
                available: status.available_replicas.unwrap_or(0),
                terminating: None,
                observed_generation: status.observed_generation.unwrap_or(0),
                conditions: status.conditions.map(|list| list.into_iter().map(from_controller).collect()),
            },
        }
    }

    fn with_status(&self, status: &Status) -> ReplicationController {
        let status = ReplicationControllerStatus {
            replicas: status.replicas,
            fully_labeled_replicas: shown(status.fully_labeled),
            ready_replicas: shown(status.ready),
            available_replicas: shown(status.available),
            observed_generation: Some(status.observed_generation),
            conditions: status.conditions.clone().map(|list| list.into_iter().map(to_controller).collect()),
        };
        ReplicationController { status: Some(status), ..self.clone() }
    }
}

fn from_controller(from: ReplicationControllerCondition) -> ReplicaSetCondition {
    let ReplicationControllerCondition { last_transition_time, message, reason, status, type_ } = from;
    ReplicaSetCondition { last_transition_time, message, reason, status, type_ }
}

fn to_controller(from: ReplicaSetCondition) -> ReplicationControllerCondition {
    let ReplicaSetCondition { last_transition_time, message, reason, status, type_ } = from;
    ReplicationControllerCondition { last_transition_time, message, reason, status, type_ }
}
