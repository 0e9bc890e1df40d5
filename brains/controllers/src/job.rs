//! Runs pods until enough of them have succeeded, and counts every one exactly once.
//!
//! A pod keeps a finalizer until it has been counted: first its uid stands in the status as uncounted, then the
//! finalizer goes, then the count rises. Whatever breaks off in between is taken up where it stood.

mod backoff;
mod creation;
mod failure_policy;
mod indexes;
mod outcome;
mod pace;
mod success_policy;
mod sync;
mod tally;
mod tracking;

use crate::ownership::{self, Claim};
use crate::{labels, pods};
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::Pod;
use meta::{CompactString, Key};
pub(crate) use outcome::{append, is_finished};
use plan::{Change, Controller, EventType, Grant, Index, Input, Moment, Plan, Resource, View};
use std::sync::Arc;
use sync::Sync;

pub(crate) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const MANAGER: &str = "kubernetes.io/job-controller";

/// Pods that are to be counted, by the name of their Job.
const TRACKED: Index = Index {
    name: "job-tracked",
    values: |pod| {
        let tracked = pod.header.finalizers.iter().any(|finalizer| finalizer == FINALIZER);
        let job = pod.header.controller().filter(|owner| tracked && owner.kind == "Job");
        job.map(|job| CompactString::from(format!("{}/{}", pod.header.namespace, job.name))).into_iter().collect()
    },
};

pub struct Jobs;

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Job>(), Input::indexed::<Pod>(&[TRACKED])]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on_subresource::<Job>("status", &["update"]), Grant::on::<Pod>(&["create", "delete", "patch"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Job::gvr() {
            return vec![change.key.clone()];
        }
        let mut keys = ownership::controllers_of::<Job>(change);
        if let Some(orphan) = ownership::new_orphan(change) {
            let selecting = |job: &Arc<Job>| selector(job).matches(&orphan.header.labels);
            let jobs = seen.in_namespace::<Job>(&change.key.namespace).filter(selecting);
            keys.extend(jobs.map(|job| ownership::key(&job.metadata)));
        }
        keys
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let job = seen.get::<Job>(&key.namespace, &key.name);
        let counts = job.as_ref().filter(|job| !outcome::is_finished(job));
        release_uncounted(key, counts.map(|job| ownership::uid(&job.metadata)), seen, &mut plan);
        let Some(job) = counts else { return plan };
        let spec = spec(job);
        if spec.managed_by.as_deref().is_some_and(|manager| manager != MANAGER) {
            return plan;
        }
        if !matches!(spec.completion_mode.as_deref(), None | Some("NonIndexed" | "Indexed")) {
            let message = "Skipped Job sync because completion mode is unknown";
            plan.event(&**job, EventType::Warning, "UnknownCompletionMode", message);
            return plan;
        }
        let selector = selector(job);
        let claim = Claim { owner: &job.metadata, selector: &selector, finalizer: Some(FINALIZER) };
        let pods = claim.dependents::<Job, Pod>(seen, &mut plan, |_| true);
        Sync::new(job, pods, moment).plan(plan)
    }
}

fn spec(job: &Job) -> JobSpec {
    job.spec.clone().unwrap_or_default()
}

fn selector(job: &Job) -> meta::selector::LabelSelector {
    labels::selector(job.spec.as_ref().and_then(|spec| spec.selector.as_ref()))
}

fn is_tracked(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

/// Pods of a Job that is finished, or gone, or was another one of the same name, are counted by nobody any more.
fn release_uncounted(key: &Key, counting: Option<&str>, seen: &View, plan: &mut Plan) {
    let found = format!("{}/{}", key.namespace, key.name);
    for pod in seen.indexed::<Pod>(&TRACKED, &found) {
        let owner = ownership::controller(&pod.metadata).map(|owner| owner.uid.as_str());
        if owner != counting {
            release(&pod, plan);
        }
    }
}

fn release(pod: &Pod, plan: &mut Plan) {
    let mut patch = ownership::guarded(&pod.metadata);
    patch.set("metadata.finalizers", ownership::without(&pod.metadata, FINALIZER));
    plan.merge::<Pod>(ownership::key(&pod.metadata), "", patch);
}

fn delete(job: &Job, pod: &Pod, plan: &mut Plan) {
    plan.delete::<Pod>(ownership::key(&pod.metadata), Some(pods::uid(pod)));
    plan.event_if_done(job, "SuccessfulDelete", format!("Deleted pod: {}", pods::name(pod)));
    plan.event_if_refused(job, "FailedDelete", "Error deleting: ");
}

#[cfg(test)]
mod tests {
    #[test]
    fn jobs() {
        crate::testing::check(&super::Jobs, "job");
    }
}
