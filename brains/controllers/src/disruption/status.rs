//! The status of a budget.

use super::expected::Expected;
use crate::pods;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pod that was to be evicted is taken to stay when it has not gone in this time.
const DELETION_TIME: SignedDuration = SignedDuration::from_mins(2);
const ALLOWED: &str = "DisruptionAllowed";

pub(super) fn of(
    budget: &PodDisruptionBudget,
    covered: &[Arc<Pod>],
    expected: &Expected,
    now: Timestamp,
    plan: &mut Plan,
) -> PodDisruptionBudgetStatus {
    let disrupted = still_disrupted(budget, covered, now, plan);
    let healthy =
        |pod: &&Arc<Pod>| !pods::is_deleted(pod) && !disrupted.contains_key(pods::name(pod)) && pods::is_ready(pod);
    let current = covered.iter().filter(healthy).count() as i32;
    let spare = current - expected.healthy;
    let allowed = if expected.pods <= 0 { 0 } else { spare.max(0) };
    let generation = budget.metadata.generation;
    let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    PodDisruptionBudgetStatus {
        conditions: conditions(budget, status, reason, "", generation, now),
        current_healthy: current,
        desired_healthy: expected.healthy,
        disrupted_pods: Some(disrupted).filter(|pods| !pods.is_empty()),
        disruptions_allowed: allowed,
        expected_pods: expected.pods,
        observed_generation: generation,
    }
}

/// Nothing may be evicted while nobody knows how many pods there should be.
pub(super) fn failed(budget: &PodDisruptionBudget, why: &str, now: Timestamp) -> PodDisruptionBudgetStatus {
    let status = budget.status.clone().unwrap_or_default();
    let observed = status.observed_generation;
    let conditions = conditions(budget, "False", "SyncFailed", why, observed, now);
    PodDisruptionBudgetStatus { disruptions_allowed: 0, conditions, ..status }
}

/// Evicted pods that are still there and are still expected to go.
fn still_disrupted(
    budget: &PodDisruptionBudget,
    covered: &[Arc<Pod>],
    now: Timestamp,
    plan: &mut Plan,
) -> BTreeMap<String, Time> {
    let before = budget.status.as_ref().and_then(|status| status.disrupted_pods.clone()).unwrap_or_default();
    let stays = |name: &str| covered.iter().any(|pod| pods::name(pod) == name && !pods::is_deleted(pod));
    let mut left = BTreeMap::new();
    for (name, since) in before.into_iter().filter(|(name, _)| stays(name)) {
        let wait = since.0 + DELETION_TIME - now;
        let wait = SignedDuration::try_from(wait).unwrap_or_default();
        if wait.is_positive() {
            plan.again_after(wait);
            left.insert(name, since);
        }
    }
    left
}

fn conditions(
    budget: &PodDisruptionBudget,
    status: &str,
    reason: &str,
    message: &str,
    observed: Option<i64>,
    now: Timestamp,
) -> Option<Vec<Condition>> {
    let mut all = budget.status.as_ref().and_then(|status| status.conditions.clone()).unwrap_or_default();
    let known = all.iter().position(|condition| condition.type_ == ALLOWED);
    let since = known.map(|at| &all[at]).filter(|known| known.status == status);
    let new = Condition {
        type_: ALLOWED.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        observed_generation: observed,
        last_transition_time: since.map_or(Time(now), |known| known.last_transition_time.clone()),
    };
    match known {
        Some(at) => all[at] = new,
        None => all.push(new),
    }
    Some(all)
}
