//! Who is a member now, who should be, and of which template.

use super::pod;
use crate::pods;
use crate::revisions::{self, History};
use k8s_openapi::api::apps::v1::{RollingUpdateStatefulSetStrategy, StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use plan::Moment;
use std::sync::Arc;

pub(super) struct Members<'a> {
    pub(super) set: &'a StatefulSet,
    pub(super) spec: &'a StatefulSetSpec,
    pub(super) moment: &'a Moment,
    /// By ordinal from the first on: those that are there.
    pub(super) replicas: Vec<Option<Arc<Pod>>>,
    /// Those beyond, from the last to the first.
    pub(super) condemned: Vec<Arc<Pod>>,
    /// The names of the revisions that pods have, and are to have.
    pub(super) current: String,
    pub(super) update: String,
    current_template: PodTemplateSpec,
}

impl<'a> Members<'a> {
    pub(super) fn new(
        set: &'a StatefulSet,
        spec: &'a StatefulSetSpec,
        history: &History,
        mine: Vec<Arc<Pod>>,
        moment: &'a Moment,
    ) -> Members<'a> {
        let named = set.status.as_ref().and_then(|status| status.current_revision.as_deref()).unwrap_or("");
        let known =
            history.old.iter().map(|revision| &**revision).find(|revision| revisions::name_of(revision) == named);
        let current = known.unwrap_or(&history.current);
        let mut members = Members {
            set,
            spec,
            moment,
            replicas: vec![None; usize::try_from(spec.replicas.unwrap_or(1)).unwrap_or(0)],
            condemned: Vec::new(),
            current: revisions::name_of(current).to_owned(),
            update: revisions::name_of(&history.current).to_owned(),
            current_template: revisions::template_of(current),
        };
        for pod in mine {
            members.seat(pod);
        }
        members.condemned.sort_by_key(|pod| std::cmp::Reverse(pod::ordinal(pod, set)));
        members
    }

    fn seat(&mut self, pod: Arc<Pod>) {
        let Some(ordinal) = pod::ordinal(&pod, self.set) else { return };
        let place = usize::try_from(ordinal - self.first_ordinal()).ok();
        match place.and_then(|place| self.replicas.get_mut(place)) {
            Some(seat) => *seat = Some(pod),
            None => self.condemned.push(pod),
        }
    }

    pub(super) fn first_ordinal(&self) -> i32 {
        self.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0)
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.replicas.iter().flatten().chain(&self.condemned)
    }

    pub(super) fn is_in_use(&self, revision: &str) -> bool {
        revision == self.current || revision == self.update || self.pods().any(|pod| pod::revision(pod) == revision)
    }

    pub(super) fn is_orderly(&self) -> bool {
        self.spec.pod_management_policy.as_deref() != Some("Parallel")
    }

    pub(super) fn rolls(&self) -> bool {
        let strategy = self.spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_deref());
        strategy != Some("OnDelete")
    }

    fn rolling(&self) -> Option<&RollingUpdateStatefulSetStrategy> {
        self.spec.update_strategy.as_ref()?.rolling_update.as_ref()
    }

    /// Ordinals below keep the template that they have.
    pub(super) fn partition(&self) -> i32 {
        self.rolling().and_then(|rolling| rolling.partition).unwrap_or(0)
    }

    pub(super) fn is_available(&self, pod: &Pod) -> bool {
        pods::is_available(pod, self.spec.min_ready_seconds.unwrap_or(0), self.moment.now)
    }

    pub(super) fn is_unavailable(&self, pod: Option<&Pod>) -> bool {
        pod.is_none_or(|pod| !self.is_available(pod) || pods::is_deleted(pod))
    }

    /// The first that does not answer: it alone may go, where others must be waited for.
    pub(super) fn first_unavailable(&self) -> Option<&str> {
        if self.replicas.iter().any(Option::is_none) {
            // A member that is not there is the first, or stands before the condemned in any case.
            let before = self.replicas.iter().take_while(|seat| seat.is_some()).flatten();
            return before.map(|pod| &**pod).find(|pod| self.is_unavailable(Some(pod))).map(pods::uid).or(Some(""));
        }
        let all = self.replicas.iter().flatten().chain(self.condemned.iter().rev());
        all.map(|pod| &**pod).find(|pod| self.is_unavailable(Some(pod))).map(pods::uid)
    }

    /// A missing member's pod, of the template that its ordinal has.
    pub(super) fn make(&self, ordinal: i32) -> Pod {
        let kept = match self.rolling() {
            Some(_) => self.partition(),
            None => self.set.status.as_ref().and_then(|status| status.current_replicas).unwrap_or(0),
        };
        let current = self.rolls() && ordinal < self.first_ordinal() + kept;
        let (template, revision) =
            if current { (&self.current_template, &self.current) } else { (&self.spec.template, &self.update) };
        pod::new(self.set, self.spec, template, revision, ordinal)
    }
}
