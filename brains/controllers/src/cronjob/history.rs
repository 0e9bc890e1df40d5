//! How many finished Jobs are kept.

use super::delete;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use plan::Plan;
use std::sync::Arc;

/// How a Job ended, if it has.
pub(super) fn ending(job: &Job) -> Option<&str> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    let last = conditions.iter().find(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True")?;
    Some(&last.type_)
}

pub(super) fn trim(cron: &CronJob, jobs: &[Arc<Job>], plan: &mut Plan) {
    let Some(spec) = &cron.spec else { return };
    for (how, limit) in [("Complete", spec.successful_jobs_history_limit), ("Failed", spec.failed_jobs_history_limit)] {
        let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { continue };
        let is_kept = |job: &&Arc<Job>| ending(job) == Some(how) && job.metadata.deletion_timestamp.is_none();
        let mut ended: Vec<&Arc<Job>> = jobs.iter().filter(is_kept).collect();
        let started = |job: &Job| job.status.as_ref().and_then(|status| status.start_time.as_ref()).map(|time| time.0);
        ended.sort_by(|a, b| (started(a), &a.metadata.name).cmp(&(started(b), &b.metadata.name)));
        let surplus = ended.len().saturating_sub(limit);
        for job in ended.into_iter().take(surplus) {
            delete(cron, job, plan);
        }
    }
}
