//! How a Job ends: first it is told that it will, then, once nothing of it runs and all is counted, that it has.

use super::sync::Sync;
use super::tally::{has_failed, is_indexed};
use super::{failure_policy, success_policy};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::{Job, JobCondition, JobStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use plan::{EventType, Plan, When};

const SUCCESS: &str = "SuccessCriteriaMet";
const FAILURE: &str = "FailureTarget";

#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) succeeded: bool,
    reason: String,
    message: String,
}

impl Ending {
    pub(super) fn completed() -> Ending {
        Ending::new(true, "CompletionsReached", "Reached expected number of succeeded pods")
    }

    fn new(succeeded: bool, reason: &str, message: &str) -> Ending {
        Ending { succeeded, reason: reason.into(), message: message.into() }
    }

    fn failed(reason: &str, message: &str) -> Option<Ending> {
        Some(Ending::new(false, reason, message))
    }

    pub(super) fn tell(&self, job: &Job, status: &JobStatus, plan: &mut Plan) {
        if !self.succeeded {
            plan.event_if_done(job, &self.reason, self.message.as_str());
            if let Some(event) = plan.report.events.last_mut() {
                event.kind = EventType::Warning;
            }
            return;
        }
        let wanted = job.spec.as_ref().and_then(|spec| spec.completions);
        if wanted.is_some_and(|wanted| status.succeeded.unwrap_or(0) > wanted) {
            let message = "Too many succeeded pods running after completion count reached";
            plan.event(job, EventType::Warning, "TooManySucceededPods", message);
        }
        plan.event_if_done(job, "Completed", "Job completed");
    }
}

impl Sync<'_> {
    /// What ends the Job now, if anything does but its completion.
    pub(super) fn ending(&self, plan: &mut Plan) -> Option<Ending> {
        let told = |kind: &str| find(&self.status.conditions, kind).filter(|condition| condition.status == "True");
        let carry_on = |condition: &JobCondition, succeeded| {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            Ending { succeeded, reason: text(&condition.reason), message: text(&condition.message) }
        };
        if let Some(condition) = told(SUCCESS) {
            return Some(carry_on(condition, true));
        }
        if let Some(condition) = told(FAILURE) {
            return Some(carry_on(condition, false));
        }
        self.failed_by_policy().or_else(|| self.failed_by_limit(plan)).or_else(|| self.ended_by_indexes())
    }

    fn failed_by_policy(&self) -> Option<Ending> {
        let failed = self.tally.pods.iter().filter(|pod| has_failed(pod, &self.spec));
        let message = failed.filter_map(|pod| failure_policy::judge(&self.spec, pod).fails_job).next()?;
        Ending::failed("PodFailurePolicy", &message)
    }

    fn failed_by_limit(&self, plan: &mut Plan) -> Option<Ending> {
        let limit = self.spec.backoff_limit.unwrap_or(6);
        if self.tally.failed > limit || self.restarts_exceed(limit) {
            return Ending::failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        let deadline = self.spec.active_deadline_seconds.filter(|_| !self.is_suspended())?;
        let started = self.status.start_time.as_ref()?;
        let left = SignedDuration::from_secs(deadline) - self.moment.now.duration_since(started.0);
        if left.is_positive() {
            plan.again_after(left);
            return None;
        }
        Ending::failed("DeadlineExceeded", "Job was active longer than specified deadline")
    }

    /// Where containers begin again in their pod, it is their beginnings that are limited.
    fn restarts_exceed(&self, limit: i32) -> bool {
        let pod_spec = self.spec.template.spec.as_ref();
        if pod_spec.and_then(|spec| spec.restart_policy.as_deref()) != Some("OnFailure") {
            return false;
        }
        let live = self.tally.pods.iter().filter(|pod| matches!(crate::pods::phase(pod), "Running" | "Pending"));
        let restarts: i32 = live
            .filter_map(|pod| pod.status.as_ref())
            .flat_map(|status| status.init_container_statuses.iter().chain(&status.container_statuses).flatten())
            .map(|container| container.restart_count)
            .sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn ended_by_indexes(&self) -> Option<Ending> {
        if !is_indexed(&self.spec) {
            return None;
        }
        let failed = self.tally.failed_indexes.as_ref().map_or(0, |failed| failed.len()) as i64;
        let succeeded = self.tally.succeeded_indexes.len() as i64;
        if self.spec.max_failed_indexes.is_some_and(|most| failed > i64::from(most)) {
            let message = "Job has exceeded the specified maximal number of failed indexes";
            return Ending::failed("MaxFailedIndexesExceeded", message);
        }
        if failed > 0 && failed + succeeded >= i64::from(self.spec.completions.unwrap_or(i32::MAX)) {
            return Ending::failed("FailedIndexes", "Job has failed indexes");
        }
        let message = success_policy::met(&self.spec, &self.tally.succeeded_indexes)?;
        Some(Ending::new(true, "SuccessPolicy", &message))
    }

    /// Says in the status that the Job will end, and, once nothing is left to count or to end, that it has.
    pub(super) fn conclude(&mut self, ending: Ending, all_counted: bool) -> Option<Ending> {
        let (interim, last) = if ending.succeeded { (SUCCESS, "Complete") } else { (FAILURE, "Failed") };
        let now = self.moment.now;
        if find(&self.status.conditions, interim).is_none() {
            let told = condition(interim, "True", &ending.reason, &ending.message, now);
            self.status.conditions.get_or_insert_default().push(told);
        }
        let uncounted = self.status.uncounted_terminated_pods.clone().unwrap_or_default();
        let left = uncounted.succeeded.iter().chain(&uncounted.failed).flatten().count();
        if !all_counted || left > 0 || self.terminating > 0 {
            return None;
        }
        ensure(&mut self.status.conditions, condition(last, "True", &ending.reason, &ending.message, now));
        if ending.succeeded {
            self.status.completion_time = Some(Time(now));
        }
        Some(ending)
    }
}

pub(crate) fn is_finished(job: &Job) -> bool {
    let conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True")
}

fn find<'a>(conditions: &'a Option<Vec<JobCondition>>, kind: &str) -> Option<&'a JobCondition> {
    conditions.iter().flatten().find(|condition| condition.type_ == kind)
}

pub(super) fn condition(kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) -> JobCondition {
    JobCondition {
        type_: kind.into(),
        status: status.into(),
        reason: Some(reason.into()),
        message: Some(message.into()),
        last_probe_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    }
}

/// Says whether anything changed. What was never true need not be told to be false.
pub(super) fn ensure(conditions: &mut Option<Vec<JobCondition>>, new: JobCondition) -> bool {
    let same = |c: &JobCondition| c.status == new.status && c.reason == new.reason && c.message == new.message;
    match conditions.iter_mut().flatten().find(|condition| condition.type_ == new.type_) {
        Some(known) if same(known) => false,
        Some(known) => {
            *known = new;
            true
        }
        None if new.status == "False" => false,
        None => {
            conditions.get_or_insert_default().push(new);
            true
        }
    }
}

/// Adds a plan's actions and events to another's.
pub(crate) fn append(plan: &mut Plan, mut more: Plan) {
    let before = plan.actions.len();
    for event in &mut more.report.events {
        event.when = match event.when {
            When::Done(place) => When::Done(before + place),
            When::Refused(place) => When::Refused(before + place),
            When::Always => When::Always,
        };
    }
    plan.actions.append(&mut more.actions);
    plan.report.events.append(&mut more.report.events);
    plan.report.lines.append(&mut more.report.lines);
    more.again_after.into_iter().for_each(|wait| plan.again_after(wait));
}
