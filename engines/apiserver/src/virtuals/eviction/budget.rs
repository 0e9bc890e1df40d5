//! What a disruption budget says to one more eviction.

use jiff::Timestamp;
use meta::{Cause, CompactString, Gvr, Status, Time, Value, value};

const CAUSE: &str = "DisruptionBudget";
/// Clients wait this long for a budget whose controller is behind.
const RETRY: u32 = 10;
/// Upstream's bound on evictions that the budget's controller has not seen yet.
const MOST_DISRUPTED: usize = 2000;
const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

#[derive(Debug)]
pub(super) enum Spending {
    /// The pod is no loss to what the budget protects.
    Free,
    Refused(Box<Status>),
    /// A merge patch of the budget's status.
    Spent(Value),
}

pub(super) fn spend(budget: &Value, pod: &Value, now: Timestamp) -> Spending {
    let name = budget.str("metadata.name");
    if !is_ready(pod) && may_go_unready(budget) {
        return Spending::Free;
    }
    if budget.int("status.observedGeneration") < budget.int("metadata.generation") {
        return too_many(format!("The disruption budget {name} is still being processed by the server."), RETRY);
    }
    let allowed = budget.int("status.disruptionsAllowed");
    if allowed < 0 {
        return forbidden(name, "pdb disruptions allowed is negative");
    }
    if budget.fields("status.disruptedPods").count() > MOST_DISRUPTED {
        return forbidden(name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    }
    match allowed {
        0 => too_many(why_none(budget), 0),
        _ => Spending::Spent(spent(budget, pod, now)),
    }
}

fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod.items("status.conditions").iter();
    conditions.any(|condition| condition.str("type") == "Ready" && condition.str("status") == "True")
}

/// A pod that is not ready may go where its budget holds without it.
fn may_go_unready(budget: &Value) -> bool {
    let (healthy, desired) = (budget.int("status.currentHealthy"), budget.int("status.desiredHealthy"));
    budget.str("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow" || (healthy >= desired && desired > 0)
}

fn spent(budget: &Value, pod: &Value, now: Timestamp) -> Value {
    let mut patch = value!({"metadata": {"resourceVersion": (budget.str("metadata.resourceVersion"))}});
    patch.set("status.disruptionsAllowed", budget.int("status.disruptionsAllowed") - 1);
    let disrupted = patch.entry("status").entry("disruptedPods");
    *disrupted.entry(pod.str("metadata.name")) = Value::from(Time(now).to_string());
    patch
}

fn why_none(budget: &Value) -> String {
    let name = budget.str("metadata.name");
    let (healthy, desired) = (budget.int("status.currentHealthy"), budget.int("status.desiredHealthy"));
    let mut conditions = budget.items("status.conditions").iter();
    let told = conditions.find(|condition| condition.str("type") == "DisruptionAllowed");
    let told = told.filter(|condition| condition.str("status") == "False" && !condition.str("message").is_empty());
    match told {
        Some(told) if told.str("reason") == "SyncFailed" => {
            let message = told.str("message");
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        }
        _ if healthy <= desired => {
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
        }
        Some(told) => {
            let (reason, message) = (told.str("reason"), told.str("message"));
            format!("The disruption budget {name} does not allow evicting pods currently ({reason}): {message}")
        }
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    }
}

fn too_many(why: String, retry: u32) -> Spending {
    let mut status = Status::too_many_requests(REFUSED, retry);
    let details = status.details.get_or_insert_default();
    details.causes.push(Cause { reason: CAUSE.into(), message: why, field: String::new() });
    Spending::Refused(Box::new(status))
}

fn forbidden(name: &str, why: &str) -> Spending {
    let budgets = Gvr::new("policy", "v1", CompactString::from("poddisruptionbudget"));
    Spending::Refused(Box::new(Status::forbidden(&budgets, name, why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(status: Value) -> Value {
        value!({"metadata": {"name": "b", "generation": 2i64}, "spec": {}, "status": status})
    }

    fn words(spending: Spending) -> String {
        match spending {
            Spending::Free => "free".into(),
            Spending::Spent(patch) => format!("{} left", patch.int("status.disruptionsAllowed")),
            Spending::Refused(status) => {
                let details = status.details.unwrap_or_default();
                details.causes.first().map_or(status.message, |cause| cause.message.clone())
            }
        }
    }

    #[test]
    fn budgets_are_spent() {
        let ready =
            value!({"metadata": {"name": "p"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        let unready = value!({"metadata": {"name": "p"}});
        let processing = "The disruption budget b is still being processed by the server.";
        for (pod, status, expect) in [
            (&ready, value!({"observedGeneration": 2i64, "disruptionsAllowed": 1i64}), "0 left"),
            (&ready, value!({"observedGeneration": 1i64, "disruptionsAllowed": 1i64}), processing),
            (
                &ready,
                value!({"observedGeneration": 2i64, "currentHealthy": 1i64, "desiredHealthy": 2i64}),
                "The disruption budget b needs 2 healthy pods and has 1 currently",
            ),
            (&unready, value!({"observedGeneration": 2i64, "currentHealthy": 2i64, "desiredHealthy": 2i64}), "free"),
            (
                &ready,
                value!({"observedGeneration": 2i64, "currentHealthy": 3i64, "desiredHealthy": 2i64}),
                "The disruption budget b does not allow evicting pods currently",
            ),
        ] {
            assert_eq!(words(spend(&budget(status.clone()), pod, Timestamp::UNIX_EPOCH)), expect, "{status:?}");
        }
    }
}
