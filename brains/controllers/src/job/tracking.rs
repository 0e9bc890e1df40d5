//! The books: who has ended and is not counted yet, who is counted.

use super::indexes;
use super::outcome::Ending;
use super::sync::Sync;
use super::tally::{has_failed, is_indexed};
use super::{failure_policy, is_tracked};
use crate::pods;
use k8s_openapi::api::core::v1::Pod;
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many uids stand in a status at once.
const MOST_UNCOUNTED: usize = 500;

impl Sync<'_> {
    /// Writes who ended into the status, and answers whose finalizers may go once that is written.
    pub(super) fn track(&mut self, ending: Option<&Ending>) -> Vec<Arc<Pod>> {
        self.count_released();
        let mut released = Vec::new();
        let mut booked_indexes: BTreeSet<i32> = BTreeSet::new();
        let mut pods = self.tally.pods.clone();
        pods.sort_by_key(|pod| indexes::of(pod, &self.spec));
        for pod in pods.into_iter().filter(|pod| is_tracked(pod)) {
            if !self.may_release(&pod, ending) {
                continue;
            }
            self.book(&pod, ending, &mut booked_indexes);
            released.push(pod);
            if booked_indexes.len() + self.uncounted() >= MOST_UNCOUNTED {
                break;
            }
        }
        if is_indexed(&self.spec) {
            self.show_indexes(booked_indexes);
        }
        released
    }

    fn uncounted(&self) -> usize {
        let uncounted = self.status.uncounted_terminated_pods.as_ref();
        uncounted.map_or(0, |list| list.succeeded.iter().chain(&list.failed).flatten().count())
    }

    /// A pod that has lost its finalizer, or is gone, after its uid was written down: now it counts.
    fn count_released(&mut self) {
        let tracked: BTreeSet<&str> =
            self.tally.pods.iter().filter(|pod| is_tracked(pod)).map(|pod| pods::uid(pod)).collect();
        let Some(uncounted) = &mut self.status.uncounted_terminated_pods else { return };
        let settle = |list: &mut Option<Vec<String>>, count: &mut Option<i32>| {
            let Some(uids) = list else { return };
            let before = uids.len();
            uids.retain(|uid| tracked.contains(uid.as_str()));
            let settled = (before - uids.len()) as i32;
            if settled > 0 {
                *count = Some(count.unwrap_or(0) + settled);
            }
            if uids.is_empty() {
                *list = None;
            }
        };
        settle(&mut uncounted.succeeded, &mut self.status.succeeded);
        settle(&mut uncounted.failed, &mut self.status.failed);
    }

    fn may_release(&self, pod: &Pod, ending: Option<&Ending>) -> bool {
        let over = self.job.metadata.deletion_timestamp.is_some() || ending.is_some();
        if over || pods::phase(pod) == "Succeeded" {
            return true;
        }
        let waits = indexes::of(pod, &self.spec)
            .and_then(|index| self.tally.to_replace.get(&index))
            .is_some_and(|kept| pods::uid(kept) == pods::uid(pod));
        has_failed(pod, &self.spec) && !waits
    }

    fn book(&mut self, pod: &Pod, ending: Option<&Ending>, booked_indexes: &mut BTreeSet<i32>) {
        let uid = pods::uid(pod).to_owned();
        let index = indexes::of(pod, &self.spec);
        let indexed = is_indexed(&self.spec);
        let uncounted = self.status.uncounted_terminated_pods.get_or_insert_default();
        if pods::phase(pod) == "Succeeded" && !self.tally.uncounted_failed.contains(&uid) {
            if indexed {
                booked_indexes.extend(index.filter(|index| !self.tally.booked_indexes.contains(*index)));
            } else if !self.tally.uncounted_succeeded.contains(&uid) {
                uncounted.succeeded.get_or_insert_default().push(uid);
            }
            return;
        }
        let job_fails = ending.is_some_and(|ending| !ending.succeeded);
        let failed = has_failed(pod, &self.spec) || job_fails;
        let counts = failed && (!indexed || index.is_some()) && failure_policy::judge(&self.spec, pod).counts;
        if counts && !self.tally.uncounted_failed.contains(&uid) {
            uncounted.failed.get_or_insert_default().push(uid);
        }
    }

    fn show_indexes(&mut self, booked: BTreeSet<i32>) {
        let all = self.tally.booked_indexes.with(booked.into_iter());
        self.status.succeeded = Some(all.len() as i32).filter(|count| *count != 0);
        self.status.completed_indexes = Some(all.to_string()).filter(|text| !text.is_empty());
        self.status.failed_indexes = self.tally.failed_indexes.as_ref().map(ToString::to_string);
    }
}
