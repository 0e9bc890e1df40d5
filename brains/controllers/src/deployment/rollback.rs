//! `deprecated.deployment.rollback.to`: the way of old clients to go back to a revision.

use super::annotations::{self, ROLLBACK_TO};
use super::revision::{same_but_hash, without_hash};
use super::rollout::Rollout;
use crate::ownership;
use k8s_openapi::api::apps::v1::Deployment;
use plan::{EventType, Plan, View};

/// The revision to go back to; 0 is the one before.
pub(super) fn wanted(deployment: &Deployment) -> Option<i64> {
    annotations::get(&deployment.metadata, ROLLBACK_TO)?.parse().ok()
}

pub(super) fn plan(mut rollout: Rollout<'_>, mut plan: Plan, seen: &View) -> Plan {
    rollout.sync_revision(true, seen);
    let Some(wanted) = wanted(rollout.original) else { return plan };
    let mut back = rollout.original.clone();
    if let Some(annotations) = &mut back.metadata.annotations {
        annotations.remove(ROLLBACK_TO);
    }
    let (kind, reason, message) = turn_back(&rollout, wanted, &mut back);
    // The sets' revisions are brought up to date by the next plan, once the template stands.
    plan.update(ownership::key(&rollout.original.metadata), &back);
    match kind {
        EventType::Normal => plan.event_if_done(rollout.original, reason, message),
        EventType::Warning => plan.event(rollout.original, kind, reason, message),
    }
    plan
}

fn turn_back(rollout: &Rollout<'_>, wanted: i64, back: &mut Deployment) -> (EventType, &'static str, String) {
    const NOT_FOUND: &str = "DeploymentRollbackRevisionNotFound";
    let revision = if wanted == 0 { last_revision(rollout) } else { wanted };
    if revision == 0 {
        return (EventType::Warning, NOT_FOUND, "Unable to find last revision.".into());
    }
    let found = rollout.sets.iter().find(|copy| annotations::revision(&copy.set.metadata) == revision);
    let template = found.and_then(|copy| copy.set.spec.as_ref()?.template.clone());
    let (Some(found), Some(template), Some(spec)) = (found, template, back.spec.as_mut()) else {
        return (EventType::Warning, NOT_FOUND, "Unable to find the revision to rollback to.".into());
    };
    if same_but_hash(&template, &spec.template) {
        let message =
            format!("The rollback revision contains the same template as current deployment {:?}", rollout.name());
        return (EventType::Warning, "DeploymentRollbackTemplateUnchanged", message);
    }
    spec.template = without_hash(&template);
    annotations::return_to(back, &found.set);
    let message = format!("Rolled back deployment {:?} to revision {revision}", rollout.name());
    (EventType::Normal, "DeploymentRollback", message)
}

/// The second highest revision.
fn last_revision(rollout: &Rollout<'_>) -> i64 {
    let mut revisions: Vec<i64> = rollout.sets.iter().map(|copy| annotations::revision(&copy.set.metadata)).collect();
    revisions.sort_unstable();
    revisions.iter().rev().nth(1).copied().unwrap_or(0)
}
