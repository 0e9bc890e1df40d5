//! Tells in a PodDisruptionBudget how many of its pods may be evicted now.

mod expected;
mod status;

use crate::{labels, ownership, pods};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, ReplicationController};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use meta::selector::LabelSelector;
use meta::{Key, Object};
use plan::{Change, Controller, EventType, Grant, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

pub struct Disruption;

impl Controller for Disruption {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn event_source(&self) -> &'static str {
        "controllermanager"
    }

    fn reads(&self) -> Vec<Input> {
        vec![
            Input::of::<PodDisruptionBudget>(),
            Input::of::<Pod>(),
            Input::of::<ReplicaSet>(),
            Input::of::<ReplicationController>(),
            Input::of::<Deployment>(),
            Input::of::<StatefulSet>(),
        ]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on_subresource::<PodDisruptionBudget>("status", &["update"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == PodDisruptionBudget::gvr() {
            return vec![change.key.clone()];
        }
        let all: Vec<Arc<PodDisruptionBudget>> = seen.in_namespace(&change.key.namespace).collect();
        let concerned = all.iter().filter(|budget| concerns(change, &selector(budget), seen));
        concerned.map(|budget| ownership::key(&budget.metadata)).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(budget) = seen.get::<PodDisruptionBudget>(&key.namespace, &key.name) else { return plan };
        let covered = covered(&budget, seen);
        if covered.is_empty() {
            plan.event(&*budget, EventType::Normal, "NoPods", "No matching pods found");
        }
        let told = match expected::of(&budget, &covered, seen) {
            Ok(expected) => status::of(&budget, &covered, &expected, moment.now, &mut plan),
            Err(why) => {
                let message = format!("Failed to calculate the number of expected pods: {why}");
                plan.event(&*budget, EventType::Warning, "CalculateExpectedPodCountFailed", message);
                status::failed(&budget, &why, moment.now)
            }
        };
        if budget.status.as_ref() != Some(&told) {
            let new = PodDisruptionBudget { status: Some(told), ..PodDisruptionBudget::clone(&budget) };
            plan.update_status(key.clone(), &new);
        }
        plan
    }
}

fn selector(budget: &PodDisruptionBudget) -> LabelSelector {
    labels::selector(budget.spec.as_ref().and_then(|spec| spec.selector.as_ref()))
}

fn covered(budget: &PodDisruptionBudget, seen: &View) -> Vec<Arc<Pod>> {
    let selector = selector(budget);
    let namespace = budget.metadata.namespace.as_deref().unwrap_or("");
    seen.in_namespace::<Pod>(namespace).filter(|pod| labels::matches(&selector, &pod.metadata)).collect()
}

/// A pod that the budget covers, or a workload that owns one: its size says how many there should be.
fn concerns(change: &Change, selector: &LabelSelector, seen: &View) -> bool {
    if change.resource == Pod::gvr() {
        return looks_different(change) && change.sides().any(|pod| selector.matches(&pod.header.labels));
    }
    let owns = |owner: &Arc<Object>| {
        let direct = seen.owned_by::<Pod>(&owner.header.uid);
        let sets = seen.owned_by::<ReplicaSet>(&owner.header.uid);
        let through = sets.flat_map(|set| seen.owned_by::<Pod>(ownership::uid(&set.metadata)).collect::<Vec<_>>());
        direct.chain(through).any(|pod| labels::matches(selector, &pod.metadata))
    };
    change.sides().any(owns)
}

/// Most changes of a pod do not change whether it counts.
fn looks_different(change: &Change) -> bool {
    let look = |object: &Arc<Object>| {
        let pod = object.typed::<Pod>().ok()?;
        Some((pod.metadata.labels.clone(), pods::is_ready(&pod), pods::is_deleted(&pod)))
    };
    change.old.as_ref().and_then(look) != change.new.as_ref().and_then(look)
}

#[cfg(test)]
mod tests {
    #[test]
    fn budgets() {
        crate::testing::check(&super::Disruption, "disruption");
    }
}
