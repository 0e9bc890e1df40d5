//! What the pods say: how many have succeeded and failed, with those that are in the books and those that are not yet.

use super::failure_policy;
use super::indexes::{self, Indexes};
use super::is_tracked;
use crate::pods;
use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct Tally {
    pub(super) pods: Vec<Arc<Pod>>,
    pub(super) active: Vec<Arc<Pod>>,
    pub(super) succeeded: i32,
    pub(super) failed: i32,
    pub(super) uncounted_succeeded: BTreeSet<String>,
    pub(super) uncounted_failed: BTreeSet<String>,
    /// Ended since the books were written.
    pub(super) new_succeeded: Vec<Arc<Pod>>,
    pub(super) new_failed: Vec<Arc<Pod>>,
    /// The indexes in the books, and those with what has succeeded since.
    pub(super) booked_indexes: Indexes,
    pub(super) succeeded_indexes: Indexes,
    /// Where indexes fail on their own.
    pub(super) failed_indexes: Option<Indexes>,
    /// Failed pods that are kept, by index, until their replacement carries on their count.
    pub(super) to_replace: BTreeMap<i32, Arc<Pod>>,
}

pub(super) fn is_indexed(spec: &JobSpec) -> bool {
    spec.completion_mode.as_deref() == Some("Indexed")
}

/// Whether a pod that is ending is waited for before it counts as failed.
pub(super) fn only_replaces_failed(spec: &JobSpec) -> bool {
    spec.pod_replacement_policy.as_deref() == Some("Failed") || spec.pod_failure_policy.is_some()
}

pub(super) fn has_failed(pod: &Pod, spec: &JobSpec) -> bool {
    let phase = pods::phase(pod);
    phase == "Failed" || (!only_replaces_failed(spec) && pods::is_deleted(pod) && phase != "Succeeded")
}

impl Tally {
    pub(super) fn new(spec: &JobSpec, status: &JobStatus, pods: Vec<Arc<Pod>>) -> Tally {
        let uncounted = status.uncounted_terminated_pods.clone().unwrap_or_default();
        let completions = spec.completions.unwrap_or(i32::MAX);
        let booked_indexes = Indexes::parse(status.completed_indexes.as_deref().unwrap_or(""), completions);
        let mut tally = Tally {
            active: pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect(),
            pods,
            succeeded: 0,
            failed: 0,
            uncounted_succeeded: uncounted.succeeded.into_iter().flatten().collect(),
            uncounted_failed: uncounted.failed.into_iter().flatten().collect(),
            new_succeeded: Vec::new(),
            new_failed: Vec::new(),
            succeeded_indexes: booked_indexes.clone(),
            booked_indexes,
            failed_indexes: None,
            to_replace: BTreeMap::new(),
        };
        tally.count_ended(spec, status);
        if is_indexed(spec) {
            tally.count_indexes(spec, status);
        }
        tally
    }

    /// A pod whose end is to be counted: tracked, and with an index where there are indexes.
    pub(super) fn counts(pod: &Pod, spec: &JobSpec) -> bool {
        is_tracked(pod) && (!is_indexed(spec) || indexes::of(pod, spec).is_some())
    }

    fn count_ended(&mut self, spec: &JobSpec, status: &JobStatus) {
        let fresh = |booked: &BTreeSet<String>, pod: &Pod| Tally::counts(pod, spec) && !booked.contains(pods::uid(pod));
        let ended = |booked: &BTreeSet<String>, has_ended: &dyn Fn(&Pod) -> bool| -> Vec<Arc<Pod>> {
            self.pods.iter().filter(|pod| fresh(booked, pod) && has_ended(pod)).cloned().collect()
        };
        let new_succeeded = ended(&self.uncounted_succeeded, &|pod| pods::phase(pod) == "Succeeded");
        let new_failed = ended(&self.uncounted_failed, &|pod| has_failed(pod, spec));
        let ignored = |pod: &&Arc<Pod>| !failure_policy::judge(spec, pod).counts;
        let counted = new_failed.len() - new_failed.iter().filter(ignored).count();
        self.succeeded = status.succeeded.unwrap_or(0) + (new_succeeded.len() + self.uncounted_succeeded.len()) as i32;
        self.failed = status.failed.unwrap_or(0) + (counted + self.uncounted_failed.len()) as i32;
        (self.new_succeeded, self.new_failed) = (new_succeeded, new_failed);
    }

    fn count_indexes(&mut self, spec: &JobSpec, status: &JobStatus) {
        let tracked = || self.pods.iter().filter(|pod| is_tracked(pod));
        let index = |pod: &Arc<Pod>| indexes::of(pod, spec);
        let succeeded = tracked().filter(|pod| pods::phase(pod) == "Succeeded").filter_map(index);
        let succeeded = self.booked_indexes.with(succeeded);
        if let Some(limit) = spec.backoff_limit_per_index {
            let completions = spec.completions.unwrap_or(i32::MAX);
            let booked = Indexes::parse(status.failed_indexes.as_deref().unwrap_or(""), completions);
            let failed = tracked().filter(|pod| has_lost_its_index(pod, spec, limit)).filter_map(index);
            self.failed_indexes = Some(booked.with(failed));
        }
        self.succeeded = succeeded.len() as i32;
        self.succeeded_indexes = succeeded;
        if spec.backoff_limit_per_index.is_some() {
            self.find_to_replace(spec);
        }
    }

    fn find_to_replace(&mut self, spec: &JobSpec) {
        let running: BTreeSet<i32> = self.active.iter().filter_map(|pod| indexes::of(pod, spec)).collect();
        let lost = self.failed_indexes.clone().unwrap_or_default();
        for pod in self.pods.iter().filter(|pod| is_tracked(pod) && has_failed(pod, spec)) {
            let Some(index) = indexes::of(pod, spec) else { continue };
            if self.succeeded_indexes.contains(index) || lost.contains(index) || running.contains(&index) {
                continue;
            }
            let later = |known: &Arc<Pod>| {
                indexes::all_failures(known) <= indexes::all_failures(pod)
                    && super::backoff::finished_at(pod) >= super::backoff::finished_at(known)
            };
            if self.to_replace.get(&index).is_none_or(later) {
                self.to_replace.insert(index, pod.clone());
            }
        }
    }
}

fn has_lost_its_index(pod: &Pod, spec: &JobSpec, limit: i32) -> bool {
    if !has_failed(pod, spec) {
        return false;
    }
    let judgement = failure_policy::judge(spec, pod);
    judgement.fails_index || (judgement.counts && indexes::failures(pod) >= limit)
}
