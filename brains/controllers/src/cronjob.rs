//! Starts Jobs by a schedule, each time at most once, and keeps as many of the finished ones as asked for.

mod history;
mod schedule;
mod times;

use crate::job::is_finished;
use crate::ownership;
use crate::template::controller_reference;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, CronJobStatus, Job};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use meta::Key;
use plan::{Change, Controller, Deletion, EventType, Grant, Input, Moment, Plan, Propagation, Resource, View};
use schedule::Schedule;
use std::sync::Arc;

const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// Beyond the minute, so that a clock that is a little slow does not wake in vain.
const SLACK: SignedDuration = SignedDuration::from_millis(100);

pub struct CronJobs {
    /// The zone of a name; none is known here, for that needs files.
    pub time_zone: fn(&str) -> Option<TimeZone>,
}

impl Controller for CronJobs {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<CronJob>(), Input::of::<Job>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on_subresource::<CronJob>("status", &["update"]), Grant::on::<Job>(&["create", "delete"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        if change.resource == CronJob::gvr() {
            return vec![change.key.clone()];
        }
        ownership::controllers_of::<CronJob>(change)
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(cron) = seen.get::<CronJob>(&key.namespace, &key.name) else { return plan };
        let jobs: Vec<Arc<Job>> = seen.owned_by::<Job>(ownership::uid(&cron.metadata)).collect();
        let mut round = Round::new(&cron, jobs, moment);
        round.tell_ended(&mut plan);
        let mut acts = Plan::nothing();
        if cron.metadata.deletion_timestamp.is_none() {
            round.start(self.time_zone, seen, &mut acts);
            history::trim(&cron, &round.jobs, &mut acts);
        }
        crate::job::append(&mut plan, acts);
        if cron.status.clone().unwrap_or_default() != round.status {
            let shown = CronJob { status: Some(round.status.clone()), ..CronJob::clone(&cron) };
            plan.update_status(key.clone(), &shown);
        }
        plan
    }
}

struct Round<'a> {
    cron: &'a CronJob,
    spec: CronJobSpec,
    status: CronJobStatus,
    jobs: Vec<Arc<Job>>,
    moment: &'a Moment,
}

impl<'a> Round<'a> {
    fn new(cron: &'a CronJob, jobs: Vec<Arc<Job>>, moment: &'a Moment) -> Round<'a> {
        let (spec, status) = (cron.spec.clone().unwrap_or_default(), cron.status.clone().unwrap_or_default());
        Round { cron, spec, status, jobs, moment }
    }

    /// Brings the list of running Jobs up to date, and what is known of past ones.
    fn tell_ended(&mut self, plan: &mut Plan) {
        for known in self.status.active.clone().unwrap_or_default() {
            let name = known.name.clone().unwrap_or_default();
            match self.jobs.iter().find(|job| job.metadata.uid == known.uid) {
                None => {
                    plan.event(self.cron, EventType::Normal, "MissingJob", format!("Active job went missing: {name}"))
                }
                Some(job) if is_finished(job) => {
                    let message =
                        format!("Saw completed job: {name}, condition: {}", history::ending(job).unwrap_or(""));
                    plan.event(self.cron, EventType::Normal, "SawCompletedJob", message);
                }
                Some(_) => {}
            }
        }
        let running = self.jobs.iter().filter(|job| !is_finished(job));
        let active: Vec<ObjectReference> = running.map(|job| self.reference(job)).collect();
        self.status.active = Some(active).filter(|active| !active.is_empty());
        let succeeded = self.jobs.iter().filter(|job| history::ending(job) == Some("Complete"));
        let completed = succeeded.filter_map(|job| job.status.as_ref()?.completion_time.clone());
        self.status.last_successful_time = completed.chain(self.status.last_successful_time.clone()).max();
        let scheduled = self.jobs.iter().filter_map(|job| scheduled(job)).max().map(Time);
        self.status.last_schedule_time = scheduled.max(self.status.last_schedule_time.clone());
    }

    /// A reference stays as it was written: the Job's version in it is that of its beginning.
    fn reference(&self, job: &Job) -> ObjectReference {
        let known = self.status.active.iter().flatten().find(|known| known.uid == job.metadata.uid).cloned();
        known.unwrap_or_else(|| ObjectReference {
            api_version: Some("batch/v1".into()),
            kind: Some("Job".into()),
            name: job.metadata.name.clone(),
            namespace: job.metadata.namespace.clone(),
            uid: job.metadata.uid.clone(),
            resource_version: job.metadata.resource_version.clone(),
            ..ObjectReference::default()
        })
    }

    fn start(&mut self, time_zone: fn(&str) -> Option<TimeZone>, seen: &View, plan: &mut Plan) {
        let warn =
            |plan: &mut Plan, reason, message: String| plan.event(self.cron, EventType::Warning, reason, message);
        let named = self.spec.time_zone.as_deref().unwrap_or("Etc/UTC");
        let Some(zone) = time_zone(named) else {
            return warn(plan, "UnknownTimeZone", format!("invalid timeZone: {named:?}: unknown time zone {named}"));
        };
        if self.spec.suspend == Some(true) {
            return;
        }
        let Some(schedule) = Schedule::parse(&self.spec.schedule) else {
            return warn(plan, "UnparseableSchedule", format!("unparseable schedule: {:?}", self.spec.schedule));
        };
        if let Some(next) = schedule.after(self.moment.now, &zone) {
            plan.again_after(next.duration_since(self.moment.now) + SLACK);
        }
        let Some(due) = times::due(self.earliest(), self.moment.now, &schedule, &zone) else { return };
        if due.too_many_missed {
            let message =
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            warn(plan, "TooManyMissedTimes", message.into());
        }
        self.start_at(due.at, &zone, seen, plan);
    }

    /// What lies before this is no longer due.
    fn earliest(&self) -> Timestamp {
        let created = self.cron.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let last = self.status.last_schedule_time.as_ref().map(|time| time.0);
        let since = last.or(created).unwrap_or(self.moment.now);
        let deadline = self.spec.starting_deadline_seconds.map(SignedDuration::from_secs);
        let window = deadline.and_then(|deadline| self.moment.now.checked_sub(deadline).ok());
        window.map_or(since, |window| window.max(since))
    }

    fn start_at(&mut self, at: Timestamp, zone: &TimeZone, seen: &View, plan: &mut Plan) {
        let name = format!("{}-{}", self.cron.metadata.name.as_deref().unwrap_or(""), at.as_second() / 60);
        let namespace = self.cron.metadata.namespace.as_deref().unwrap_or("");
        let exists = seen.get::<Job>(namespace, &name).is_some();
        if exists || self.status.last_schedule_time.as_ref().is_some_and(|last| last.0 >= at) {
            return;
        }
        let running: Vec<&Arc<Job>> = self.jobs.iter().filter(|job| !is_finished(job)).collect();
        match self.spec.concurrency_policy.as_deref() {
            Some("Forbid") if !running.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                return plan.event(self.cron, EventType::Normal, "JobAlreadyActive", message);
            }
            Some("Replace") => running.iter().for_each(|job| delete(self.cron, job, plan)),
            _ => {}
        }
        let job = self.job(&name, at, zone);
        plan.create(namespace, &job);
        plan.event_if_done(self.cron, "SuccessfulCreate", format!("Created job {name}"));
        plan.event_if_refused(self.cron, "FailedCreate", "Error creating job: ");
        self.status.last_schedule_time = Some(Time(at));
    }

    fn job(&self, name: &str, at: Timestamp, zone: &TimeZone) -> Job {
        let template = self.spec.job_template.clone();
        let from = template.metadata.unwrap_or_default();
        let mut annotations = from.annotations.unwrap_or_default();
        let local = at.to_zoned(zone.clone());
        let text =
            if zone.is_utc_like(at) { at.to_string() } else { local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string() };
        annotations.insert(SCHEDULED.into(), text);
        let metadata = ObjectMeta {
            name: Some(name.into()),
            namespace: self.cron.metadata.namespace.clone(),
            labels: from.labels,
            annotations: Some(annotations),
            owner_references: Some(vec![controller_reference::<CronJob>(&self.cron.metadata)]),
            ..ObjectMeta::default()
        };
        Job { metadata, spec: template.spec, status: None }
    }
}

/// Zones that write their offset as `Z`.
trait UtcLike {
    fn is_utc_like(&self, at: Timestamp) -> bool;
}

impl UtcLike for TimeZone {
    fn is_utc_like(&self, at: Timestamp) -> bool {
        self.to_offset(at).seconds() == 0
    }
}

/// The moment for which a Job was made.
fn scheduled(job: &Job) -> Option<Timestamp> {
    job.metadata.annotations.as_ref()?.get(SCHEDULED)?.parse().ok()
}

fn delete(cron: &CronJob, job: &Job, plan: &mut Plan) {
    let name = job.metadata.name.as_deref().unwrap_or("");
    let options = Deletion {
        uid: job.metadata.uid.clone().map(Into::into),
        propagation: Some(Propagation::Background),
        ..Deletion::default()
    };
    plan.delete_with::<Job>(ownership::key(&job.metadata), options);
    plan.event_if_done(cron, "SuccessfulDelete", format!("Deleted job {name}"));
    plan.event_if_refused(cron, "FailedDelete", "Deleted job: ");
}

#[cfg(test)]
mod tests {
    #[test]
    fn cron_jobs() {
        let utc = |name: &str| (name == "Etc/UTC").then_some(jiff::tz::TimeZone::UTC);
        crate::testing::check(&super::CronJobs { time_zone: utc }, "cronjob");
    }
}
