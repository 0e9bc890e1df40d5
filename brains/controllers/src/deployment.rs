//! Rolls a Deployment's pods over from one template to the next by scaling ReplicaSets, and scales them in proportion.

mod annotations;
mod fenceposts;
mod progress;
mod recreate;
mod revision;
mod rollback;
mod rolling;
mod rollout;
mod scale;
mod status;

use crate::labels;
use crate::ownership::{self, Claim};
use k8s_openapi::Resource as _;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use meta::Key;
use plan::{Change, Controller, EventType, Grant, Input, Moment, Plan, Resource, View};
use rollout::Rollout;
use std::sync::Arc;

pub struct Deployments;

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Deployment>(), Input::of::<ReplicaSet>(), Input::of::<Pod>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on::<Deployment>(&["update"]),
            Grant::on_subresource::<Deployment>("status", &["update"]),
            Grant::on::<ReplicaSet>(&["create", "update", "patch", "delete"]),
        ]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Deployment::gvr() {
            return vec![change.key.clone()];
        }
        if change.resource == Pod::gvr() {
            return keys_of_pod(change, seen);
        }
        let mut keys = ownership::controllers_of::<Deployment>(change);
        if let Some(orphan) = ownership::new_orphan(change) {
            let deployments = seen.in_namespace::<Deployment>(&change.key.namespace);
            let selecting = deployments.filter(|d| selector(d).matches(&orphan.header.labels));
            keys.extend(selecting.map(|deployment| ownership::key(&deployment.metadata)));
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        match seen.get::<Deployment>(&key.namespace, &key.name) {
            Some(deployment) => decide(&deployment, seen, moment),
            None => Plan::nothing(),
        }
    }
}

/// The end of a pod matters to those who wait for the last old one: Deployments that recreate.
fn keys_of_pod(change: &Change, seen: &View) -> Vec<Key> {
    let (Some(old), None) = (&change.old, &change.new) else { return Vec::new() };
    let namespace = &change.key.namespace;
    let deployment = || {
        let set = old.header.controller().filter(|owner| owner.kind == ReplicaSet::KIND)?;
        let set = seen.get::<ReplicaSet>(namespace, &set.name)?;
        let owner = ownership::controller(&set.metadata).filter(|owner| owner.kind == Deployment::KIND)?;
        seen.get::<Deployment>(namespace, &owner.name)
    };
    let recreates = |deployment: &Arc<Deployment>| strategy(deployment) == "Recreate";
    deployment().filter(recreates).map(|deployment| ownership::key(&deployment.metadata)).into_iter().collect()
}

fn selector(deployment: &Deployment) -> meta::selector::LabelSelector {
    labels::selector(deployment.spec.as_ref().map(|spec| &spec.selector))
}

fn strategy(deployment: &Deployment) -> &str {
    let strategy = deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref());
    strategy.and_then(|strategy| strategy.type_.as_deref()).unwrap_or("RollingUpdate")
}

fn decide(deployment: &Deployment, seen: &View, moment: &Moment) -> Plan {
    let mut plan = Plan::nothing();
    let selector = selector(deployment);
    if selector.is_everything() {
        refuse_everything(deployment, &mut plan);
        return plan;
    }
    let claim = Claim { owner: &deployment.metadata, selector: &selector, finalizer: None };
    let sets = claim.dependents::<Deployment, ReplicaSet>(seen, &mut plan, |_| true);
    let mut rollout = Rollout::new(deployment, sets, moment);
    if deployment.metadata.deletion_timestamp.is_some() {
        rollout.sync_revision(false, seen);
        rollout.show_counts();
        return rollout.finish(plan);
    }
    rollout.show_paused();
    if rollout.spec().paused == Some(true) {
        rollout.scale_only(seen);
    } else if rollback::wanted(deployment).is_some() {
        return rollback::plan(rollout, plan, seen);
    } else if rollout.was_scaled(seen) {
        rollout.scale_only(seen);
    } else if strategy(deployment) == "Recreate" {
        rollout.recreate(seen);
    } else {
        rollout.roll(seen);
    }
    rollout.finish(plan)
}

fn refuse_everything(deployment: &Deployment, plan: &mut Plan) {
    let message = "This deployment is selecting all pods. A non-empty selector is required.";
    plan.event(deployment, EventType::Warning, "SelectingAll", message);
    let mut seen = deployment.clone();
    let observed = &mut seen.status.get_or_insert_default().observed_generation;
    if observed.unwrap_or(0) < deployment.metadata.generation.unwrap_or(0) {
        *observed = deployment.metadata.generation;
        plan.update_status(ownership::key(&deployment.metadata), &seen);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn deployments() {
        crate::testing::check(&super::Deployments, "deployment");
    }
}
