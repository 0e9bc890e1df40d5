//! How many pods run now: no more than the parallelism, no more than are missing, and none too soon after failures.

use super::creation;
use super::indexes;
use super::sync::Sync;
use super::tally::{has_failed, is_indexed, only_replaces_failed};
use super::{backoff, delete, is_tracked, release};
use crate::{deletion_order, pods};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MOST_AT_ONCE: usize = 500;

impl Sync<'_> {
    pub(super) fn manage(&mut self, acts: &mut Plan) {
        if self.is_suspended() {
            let surplus = self.surplus(self.tally.active.len());
            return self.remove(&surplus, acts);
        }
        let wanted = self.wanted();
        let mut surplus = self.surplus(self.tally.active.len().saturating_sub(wanted));
        surplus.truncate(MOST_AT_ONCE);
        if !surplus.is_empty() {
            return self.remove(&surplus, acts);
        }
        let ending = if only_replaces_failed(&self.spec) { self.terminating.max(0) as usize } else { 0 };
        let missing = wanted.saturating_sub(ending + self.tally.active.len()).min(MOST_AT_ONCE);
        if missing > 0 {
            self.create(missing, acts);
        }
    }

    fn wanted(&self) -> usize {
        let parallelism = self.spec.parallelism.unwrap_or(1);
        let wanted = match self.spec.completions {
            None if self.tally.succeeded > 0 => self.active,
            None => parallelism,
            Some(completions) => (completions - self.tally.succeeded).min(parallelism),
        };
        usize::try_from(wanted).unwrap_or(0)
    }

    /// Pods that nobody needs: at least so many, and all whose index another one has or that have none.
    fn surplus(&self, at_least: usize) -> Vec<Arc<Pod>> {
        let (mut surplus, left) = self.duplicates();
        let more = at_least.saturating_sub(surplus.len());
        surplus.extend(deletion_order::first(left, &[], more, self.moment.now));
        surplus
    }

    fn duplicates(&self) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
        let active = self.tally.active.clone();
        if !is_indexed(&self.spec) {
            return (Vec::new(), active);
        }
        let mut surplus = Vec::new();
        let mut by_index: BTreeMap<i32, Vec<Arc<Pod>>> = BTreeMap::new();
        for pod in active {
            match indexes::of(&pod, &self.spec) {
                Some(index) => by_index.entry(index).or_default().push(pod),
                None => surplus.push(pod),
            }
        }
        let mut left = Vec::new();
        for (_, mut same) in by_index {
            let others = same.len() - 1;
            let gone = deletion_order::first(same.clone(), &[], others, self.moment.now);
            same.retain(|pod| !gone.iter().any(|gone| pods::uid(gone) == pods::uid(pod)));
            surplus.extend(gone);
            left.extend(same);
        }
        (surplus, left)
    }

    fn remove(&mut self, surplus: &[Arc<Pod>], acts: &mut Plan) {
        for pod in surplus.iter().filter(|pod| is_tracked(pod)) {
            release(pod, acts);
        }
        for pod in surplus {
            delete(self.job, pod, acts);
        }
        self.removed(surplus);
    }

    fn create(&mut self, missing: usize, acts: &mut Plan) {
        if self.spec.backoff_limit_per_index.is_none() {
            let ended = self.tally.new_succeeded.iter().chain(&self.tally.new_failed);
            let known = self.tally.pods.iter().filter(|pod| pods::is_terminal(pod) && !is_tracked(pod)).chain(ended);
            let wait = backoff::wait(known, |pod| has_failed(pod, &self.spec), self.moment.now);
            if wait.is_positive() {
                return acts.again_after(wait);
            }
        }
        let mut planned = 0;
        if is_indexed(&self.spec) {
            for index in self.indexes_to_create(missing, acts) {
                creation::plan(self, Some(index), planned, acts);
                planned += 1;
            }
        } else {
            for nth in 0..missing {
                creation::plan(self, None, nth, acts);
            }
            planned = missing;
        }
        self.active += planned as i32;
    }

    /// The lowest indexes that neither run nor have ended, but for those that failed too lately.
    fn indexes_to_create(&self, count: usize, acts: &mut Plan) -> Vec<i32> {
        let mut taken: BTreeSet<i32> =
            self.tally.active.iter().filter_map(|pod| indexes::of(pod, &self.spec)).collect();
        if only_replaces_failed(&self.spec) {
            let ending = self.tally.pods.iter().filter(|pod| pods::is_terminating(pod));
            taken.extend(ending.filter_map(|pod| indexes::of(pod, &self.spec)));
        }
        let lost = self.tally.failed_indexes.clone().unwrap_or_default();
        let pending = (0..self.spec.completions.unwrap_or(0)).filter(|index| {
            !taken.contains(index) && !self.tally.succeeded_indexes.contains(*index) && !lost.contains(*index)
        });
        let (now, later): (Vec<i32>, Vec<i32>) = pending.take(count).partition(|index| self.wait_of(*index).is_zero());
        if now.is_empty() {
            let soonest = later.iter().map(|index| self.wait_of(*index)).min();
            soonest.into_iter().for_each(|wait| acts.again_after(wait));
        }
        now
    }

    fn wait_of(&self, index: i32) -> SignedDuration {
        let failed = self.tally.to_replace.get(&index);
        failed.map_or(SignedDuration::ZERO, |pod| {
            backoff::wait_of_index(indexes::all_failures(pod), pod, self.moment.now)
        })
    }
}
