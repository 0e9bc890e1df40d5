//! One look at a Job: count, judge, act, and write down what was counted.

use super::outcome::{self, Ending};
use super::tally::Tally;
use super::{delete, release, spec};
use crate::{ownership, pods};
use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use plan::{EventType, Moment, Plan};
use std::sync::Arc;

pub(super) struct Sync<'a> {
    pub(super) job: &'a Job,
    pub(super) spec: JobSpec,
    pub(super) status: JobStatus,
    pub(super) moment: &'a Moment,
    pub(super) tally: Tally,
    /// Pods as they will be once this plan is done.
    pub(super) active: i32,
    pub(super) ready: i32,
    pub(super) terminating: i32,
}

impl<'a> Sync<'a> {
    pub(super) fn new(job: &'a Job, pods: Vec<Arc<Pod>>, moment: &'a Moment) -> Sync<'a> {
        let (spec, mut status) = (spec(job), job.status.clone().unwrap_or_default());
        status.uncounted_terminated_pods.get_or_insert_default();
        let tally = Tally::new(&spec, &status, pods);
        let (active, ready) =
            (tally.active.len() as i32, tally.active.iter().filter(|pod| pods::is_ready(pod)).count());
        let terminating = tally.pods.iter().filter(|pod| pods::is_terminating(pod)).count() as i32;
        Sync { job, spec, status, moment, tally, active, ready: ready as i32, terminating }
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.spec.suspend == Some(true)
    }

    pub(super) fn plan(mut self, mut plan: Plan) -> Plan {
        if self.status.start_time.is_none() && !self.is_suspended() {
            self.status.start_time = Some(Time(self.moment.now));
        }
        let mut acts = Plan::nothing();
        let mut ending = self.ending(&mut plan);
        if ending.is_some() {
            self.delete_active(&mut acts);
        } else {
            if self.job.metadata.deletion_timestamp.is_none() {
                self.manage(&mut acts);
            }
            if self.is_complete() {
                ending = Some(Ending::completed());
            } else if self.job.metadata.deletion_timestamp.is_none() {
                self.show_suspension(&mut plan);
            }
        }
        let mut books = Plan::nothing();
        self.write_books(ending, &mut books);
        // Where the server refused to act last time it may again, which ends the plan: what is known is written first.
        let (first, second) = if self.moment.refused.is_some() { (books, acts) } else { (acts, books) };
        outcome::append(&mut plan, first);
        outcome::append(&mut plan, second);
        plan
    }

    fn is_complete(&self) -> bool {
        let enough = match self.spec.completions {
            None => self.tally.succeeded > 0,
            Some(completions) => self.tally.succeeded >= completions,
        };
        enough && self.active == 0
    }

    fn delete_active(&mut self, acts: &mut Plan) {
        for pod in &self.tally.active {
            delete(self.job, pod, acts);
        }
        self.removed(&self.tally.active.clone());
    }

    pub(super) fn removed(&mut self, gone: &[Arc<Pod>]) {
        self.active -= gone.len() as i32;
        self.terminating += gone.len() as i32;
        self.ready -= gone.iter().filter(|pod| pods::is_ready(pod)).count() as i32;
    }

    fn show_suspension(&mut self, plan: &mut Plan) {
        let (status, reason, message, event) = if self.is_suspended() {
            ("True", "JobSuspended", "Job suspended", "Suspended")
        } else {
            ("False", "JobResumed", "Job resumed", "Resumed")
        };
        let condition = outcome::condition("Suspended", status, reason, message, self.moment.now);
        if outcome::ensure(&mut self.status.conditions, condition) {
            plan.event(self.job, EventType::Normal, event, message);
            if !self.is_suspended() {
                self.status.start_time = Some(Time(self.moment.now));
            }
        }
    }

    /// The status first, then the finalizers of those it has in its books, then, on a later look, the end.
    fn write_books(&mut self, ending: Option<Ending>, books: &mut Plan) {
        let counted = self.track(ending.as_ref());
        self.status.active = Some(self.active).filter(|count| *count != 0);
        self.status.ready = Some(self.ready);
        self.status.terminating = Some(self.terminating);
        let finished = ending.and_then(|ending| self.conclude(ending, counted.is_empty()));
        if self.job.status.as_ref() != Some(&self.status) {
            let shown = Job { status: Some(self.status.clone()), ..self.job.clone() };
            books.update_status(ownership::key(&self.job.metadata), &shown);
            if let Some(ending) = finished {
                ending.tell(self.job, &self.status, books);
            }
        }
        for pod in &counted {
            release(pod, books);
        }
    }
}
