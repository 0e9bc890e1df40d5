//! Deletes Jobs some time after they have finished, where they ask for that.

use crate::job::is_finished;
use crate::ownership;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::Job;
use meta::Key;
use plan::{Controller, Deletion, Fact, Grant, Input, Moment, Plan, Propagation, Resource, View};

pub struct TtlAfterFinished;

impl Controller for TtlAfterFinished {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Job>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<Job>(&["delete"])]
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(job) = seen.get::<Job>(&key.namespace, &key.name) else { return plan };
        let Some(expiry) = expiry(&job).filter(|_| job.metadata.deletion_timestamp.is_none()) else { return plan };
        if expiry > moment.now {
            plan.again_after(expiry.duration_since(moment.now));
            return plan;
        }
        let uid = ownership::uid(&job.metadata);
        plan.confirm(Fact::Alive { resource: Job::gvr(), key: key.clone(), uid: uid.into() });
        let options = Deletion {
            uid: Some(uid.into()),
            resource_version: job.metadata.resource_version.clone().map(Into::into),
            propagation: Some(Propagation::Foreground),
            grace_seconds: None,
        };
        plan.delete_with::<Job>(key.clone(), options);
        plan
    }
}

fn expiry(job: &Job) -> Option<Timestamp> {
    let ttl = job.spec.as_ref()?.ttl_seconds_after_finished?;
    let finished = finished_at(job)?;
    finished.checked_add(SignedDuration::from_secs(ttl.into())).ok()
}

fn finished_at(job: &Job) -> Option<Timestamp> {
    let conditions = job.status.as_ref()?.conditions.as_ref().filter(|_| is_finished(job))?;
    let last = conditions.iter().find(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True")?;
    last.last_transition_time.as_ref().map(|time| time.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn ttl_after_finished() {
        crate::testing::check(&super::TtlAfterFinished, "ttl_after_finished");
    }
}
