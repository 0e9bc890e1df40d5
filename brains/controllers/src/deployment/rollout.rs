//! A Deployment and its ReplicaSets as this plan leaves them: steps change the copies, and what differs in the end from
//! what was seen becomes one update each.

use super::annotations;
use crate::ownership;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet};
use plan::{Moment, Plan, Resource};
use std::sync::Arc;

pub(super) struct Rollout<'a> {
    pub(super) original: &'a Deployment,
    pub(super) deployment: Deployment,
    /// Oldest first.
    pub(super) sets: Vec<SetCopy>,
    /// The place of the set whose template is the Deployment's.
    pub(super) new: Option<usize>,
    pub(super) moment: &'a Moment,
    pub(super) again_after: Option<jiff::SignedDuration>,
}

pub(super) struct SetCopy {
    /// None for a set that this plan creates.
    seen: Option<Arc<ReplicaSet>>,
    pub(super) set: ReplicaSet,
    events: Vec<String>,
    /// Left over of history.
    pub(super) delete: bool,
}

impl SetCopy {
    /// It has no pods, wants none, and has been looked at since.
    pub(super) fn is_empty(&self) -> bool {
        let status = self.set.status.clone().unwrap_or_default();
        let generation = self.set.metadata.generation.unwrap_or(0);
        status.replicas == 0 && self.replicas() == 0 && generation <= status.observed_generation.unwrap_or(0)
    }

    pub(super) fn replicas(&self) -> i32 {
        self.set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
    }

    /// The most pods it may have by now: those it wants, and those that are still to go. None before its controller has
    /// looked at what it wants: until then it may have as many as it ever wanted.
    pub(super) fn held(&self) -> Option<i32> {
        let Some(seen) = &self.seen else { return Some(self.replicas()) };
        let status = seen.status.clone().unwrap_or_default();
        let looked_at = seen.metadata.generation.unwrap_or(0) <= status.observed_generation.unwrap_or(0);
        looked_at.then(|| self.replicas().max(status.replicas))
    }

    pub(super) fn available(&self) -> i32 {
        self.set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0)
    }

    pub(super) fn name(&self) -> &str {
        self.set.metadata.name.as_deref().unwrap_or("")
    }
}

impl<'a> Rollout<'a> {
    pub(super) fn new(original: &'a Deployment, mut sets: Vec<Arc<ReplicaSet>>, moment: &'a Moment) -> Rollout<'a> {
        sets.sort_by(|a, b| {
            let age = |set: &ReplicaSet| set.metadata.creation_timestamp.as_ref().map(|time| time.0);
            age(a).cmp(&age(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
        });
        let copy = |seen: Arc<ReplicaSet>| SetCopy {
            set: ReplicaSet::clone(&seen),
            seen: Some(seen),
            events: Vec::new(),
            delete: false,
        };
        let sets = sets.into_iter().map(copy).collect();
        Rollout { original, deployment: original.clone(), sets, new: None, moment, again_after: None }
    }

    pub(super) fn spec(&self) -> &DeploymentSpec {
        self.deployment.spec.as_ref().expect("a deployment passed validation with a spec")
    }

    pub(super) fn replicas(&self) -> i32 {
        self.spec().replicas.unwrap_or(1)
    }

    pub(super) fn name(&self) -> &str {
        self.original.metadata.name.as_deref().unwrap_or("")
    }

    pub(super) fn status(&mut self) -> &mut DeploymentStatus {
        self.deployment.status.get_or_insert_default()
    }

    pub(super) fn olds(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let new = self.new;
        (0..self.sets.len()).filter(move |place| Some(*place) != new)
    }

    /// The places of sets that have, or ought to have, pods.
    pub(super) fn active(&self, places: impl Iterator<Item = usize>) -> Vec<usize> {
        places.filter(|place| self.sets[*place].replicas() > 0).collect()
    }

    pub(super) fn total(&self) -> i32 {
        self.sets.iter().map(SetCopy::replicas).sum()
    }

    /// How many pods all sets together may have by now, if that can be told.
    pub(super) fn held(&self) -> Option<i32> {
        self.sets.iter().map(SetCopy::held).sum()
    }

    pub(super) fn add(&mut self, set: ReplicaSet) -> usize {
        self.sets.push(SetCopy { seen: None, set, events: Vec::new(), delete: false });
        self.sets.len() - 1
    }

    /// Says whether the size changed.
    pub(super) fn scale_set(&mut self, place: usize, to: i32) -> bool {
        let (desired, most) = (self.replicas(), self.replicas() + self.max_surge());
        let copy = &mut self.sets[place];
        let from = copy.replicas();
        annotations::set_sizes(&mut copy.set, desired, most);
        if from == to {
            return false;
        }
        copy.set.spec.get_or_insert_default().replicas = Some(to);
        let direction = if from < to { "up" } else { "down" };
        let event = format!("Scaled {direction} replica set {} from {from} to {to}", copy.name());
        copy.events.push(event);
        true
    }

    /// Like [`Rollout::scale_set`], but leaves a set alone that has its size.
    pub(super) fn scale_if_needed(&mut self, place: usize, to: i32) -> bool {
        self.sets[place].replicas() != to && self.scale_set(place, to)
    }

    /// Why the server refused to make a set last time.
    pub(super) fn refusal(&self) -> Option<&str> {
        let of_sets = |refused: &&plan::Refusal| refused.verb == "create" && refused.resource == ReplicaSet::gvr();
        self.moment.refused.as_ref().filter(of_sets).map(|refused| refused.message.as_str())
    }

    /// One write for everything that differs from what was seen.
    pub(super) fn finish(self, mut plan: Plan) -> Plan {
        // A set that was refused may be refused again, which ends the plan: that is told first.
        let told_first = self.refusal().is_some();
        if told_first {
            self.write_status(&mut plan);
        }
        let (made, known): (Vec<_>, Vec<_>) = self.sets.iter().partition(|copy| copy.seen.is_none());
        for copy in made.into_iter().chain(known) {
            self.write_set(copy, &mut plan);
        }
        if !told_first {
            self.write_status(&mut plan);
        }
        self.again_after.into_iter().for_each(|wait| plan.again_after(wait));
        plan
    }

    fn write_status(&self, plan: &mut Plan) {
        if self.deployment != *self.original {
            plan.update_status(ownership::key(&self.original.metadata), &self.deployment);
        }
    }

    fn write_set(&self, copy: &SetCopy, plan: &mut Plan) {
        let key = ownership::key(&copy.set.metadata);
        if copy.delete {
            plan.delete::<ReplicaSet>(key, copy.set.metadata.uid.as_deref());
            return;
        }
        match &copy.seen {
            Some(seen) if **seen == copy.set => return,
            Some(_) => plan.update(key, &copy.set),
            None => {
                plan.create(&key.namespace, &copy.set);
                let message = format!("Failed to create new replica set {:?}: ", copy.name());
                plan.event_if_refused(self.original, "ReplicaSetCreateError", message);
                if copy.replicas() > 0 {
                    let message = format!("Scaled up replica set {} from 0 to {}", copy.name(), copy.replicas());
                    plan.event_if_done(self.original, "ScalingReplicaSet", message);
                }
            }
        }
        for event in &copy.events {
            plan.event_if_done(self.original, "ScalingReplicaSet", event.as_str());
        }
    }
}
