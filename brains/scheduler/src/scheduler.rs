//! The scheduler: told every change, asked for the next decision, told what became of it.

use crate::cluster::Cluster;
use crate::cycle;
use crate::decision::{Decision, Outcome, Promise};
use crate::framework::{Afterwards, Diagnosis, Event, Preemption, Refusal};
use crate::node::NodeFacts;
use crate::pod::PodInfo;
use crate::profile::Profile;
use crate::queue::{Place, Queue};
use crate::trial::Trial;
use jiff::Timestamp;
use meta::{CompactString, JsonError, Object};
use plan::Change;
use std::sync::Arc;

#[derive(Default)]
pub struct Scheduler {
    profile: Profile,
    cluster: Cluster,
    queue: Queue,
    /// Where the next search begins, so that every node has its turn.
    next_start: usize,
}

impl Scheduler {
    pub fn new(profile: Profile) -> Scheduler {
        Scheduler { profile, ..Scheduler::default() }
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Takes in what has changed.
    pub fn apply(&mut self, change: &Change, now: Timestamp) -> Result<(), JsonError> {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        match change.resource.resource.as_str() {
            "pods" => self.apply_pod(old, new, now),
            "nodes" => self.apply_node(&change.key.name, new, now),
            "services" => self.cluster.workloads.put_service(&change.key, new.map(Arc::as_ref)),
            "replicasets" => self.put_controller("ReplicaSet", change),
            "statefulsets" => self.put_controller("StatefulSet", change),
            "replicationcontrollers" => self.put_controller("ReplicationController", change),
            "poddisruptionbudgets" => self.cluster.budgets.put(&change.key, new.map(Arc::as_ref)),
            "namespaces" => {
                self.cluster.workloads.put_namespace(&change.key.name, new.map(Arc::as_ref));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn put_controller(&mut self, kind: &str, change: &Change) -> Result<(), JsonError> {
        self.cluster.workloads.put_controller(kind, &change.key, change.new.as_deref())
    }

    fn apply_pod(
        &mut self,
        old: Option<&Arc<Object>>,
        new: Option<&Arc<Object>>,
        now: Timestamp,
    ) -> Result<(), JsonError> {
        let uid = |object: &Arc<Object>| object.header.uid.clone();
        if let Some(gone) = old.map(uid).filter(|gone| new.map(uid).as_ref() != Some(gone)) {
            self.pod_left(&gone, now);
        }
        let Some(new) = new else { return Ok(()) };
        let pod = Arc::new(PodInfo::read(new.clone())?);
        if pod.ended {
            self.pod_left(pod.uid(), now);
        } else if pod.is_bound() {
            self.pod_is_bound(&pod, now);
        } else if pod.scheduler == self.profile.scheduler_name {
            self.pod_waits(pod, now);
        }
        Ok(())
    }

    fn pod_left(&mut self, uid: &CompactString, now: Timestamp) {
        self.queue.remove(uid);
        self.cluster.nominations.remove(uid);
        self.cluster.preempted.remove(uid);
        if let Some(gone) = self.cluster.remove_pod(uid) {
            self.happened(&Event::PodRemoved(&gone), now);
        }
    }

    fn pod_is_bound(&mut self, pod: &Arc<PodInfo>, now: Timestamp) {
        self.queue.remove(pod.uid());
        self.cluster.nominations.remove(pod.uid());
        if pod.is_leaving() {
            self.cluster.preempted.remove(pod.uid()); // it shows now
        }
        let was_assumed = self.cluster.is_assumed(pod.uid());
        let before = self.cluster.remove_pod(pod.uid());
        self.cluster.put_pod(pod.clone());
        match before {
            Some(old) if !was_assumed => self.happened(&Event::PodChanged { old: &old, new: pod }, now),
            _ => self.happened(&Event::PodAdded(pod), now),
        }
    }

    fn pod_waits(&mut self, pod: Arc<PodInfo>, now: Timestamp) {
        let rank = self.profile.queue_sort().map_or(0, |plugin| plugin.rank(&pod));
        let gated = self.profile.pre_enqueues().any(|plugin| plugin.gate(&pod).is_some());
        let before = self.queue.pod(pod.uid()).cloned();
        self.cluster.nominations.heard(before.as_deref(), &pod);
        let Some(before) = before else {
            return self.queue.add(pod, rank, gated, now);
        };
        self.queue.update(pod.clone(), rank);
        if gated {
            return self.queue.gate(pod.uid());
        }
        match self.queue.place(pod.uid()) {
            Some(Place::Gated) => self.queue.wake(pod.uid(), now),
            _ => self.itself_changed(&before, &pod, now),
        }
    }

    fn itself_changed(&mut self, old: &PodInfo, new: &PodInfo, now: Timestamp) {
        let event = Event::ItselfChanged { old, new };
        let worth = |by: &[&str]| self.profile.is_worth_another_try(new, by, &event);
        if self.queue.refused_by(new.uid()).is_some_and(worth) {
            self.queue.wake(new.uid(), now);
        }
    }

    fn apply_node(&mut self, name: &str, new: Option<&Arc<Object>>, now: Timestamp) -> Result<(), JsonError> {
        let Some(new) = new else {
            if let Some(gone) = self.cluster.remove_node(name) {
                self.happened(&Event::NodeRemoved(&gone), now);
            }
            return Ok(());
        };
        let new = Arc::new(NodeFacts::read(new.clone())?);
        match self.cluster.put_node(new.clone()) {
            None => self.happened(&Event::NodeAdded(&new), now),
            Some(old) if !old.same(&new) => self.happened(&Event::NodeChanged { old: &old, new: &new }, now),
            Some(_) => {}
        }
        Ok(())
    }

    /// Wakes the refused pods for which this may change something.
    fn happened(&mut self, event: &Event<'_>, now: Timestamp) {
        if !self.queue.has_refused() {
            return;
        }
        let worth = |(pod, by): &(&Arc<PodInfo>, &[&'static str])| self.profile.is_worth_another_try(pod, by, event);
        let woken: Vec<CompactString> = self.queue.refused().filter(worth).map(|(pod, _)| pod.uid().clone()).collect();
        for uid in woken {
            self.queue.wake(&uid, now);
        }
    }

    /// Decides about the pod that is next. A pod that gets a node counts as being there from now on.
    pub fn next(&mut self, now: Timestamp, random: u64) -> Option<Decision> {
        loop {
            let pod = self.queue.take(now)?;
            if self.cluster.is_assumed(pod.uid()) {
                continue;
            }
            if pod.is_leaving() {
                return Some(Decision::of(pod, Outcome::Leaving));
            }
            return Some(self.decide(pod, now, random));
        }
    }

    fn decide(&mut self, pod: Arc<PodInfo>, now: Timestamp, random: u64) -> Decision {
        self.cluster.settle();
        for (question, topology) in self.profile.questions(&pod, &self.cluster) {
            self.cluster.ask(question, &topology);
        }
        let search = cycle::search(&self.profile, &self.cluster, &pod, self.next_start, random);
        self.next_start = (self.next_start + search.looked_at) % self.cluster.node_count().max(1);
        match search.found {
            Ok(node) => match self.place(&pod, node) {
                Ok(outcome) => Decision::of(pod, outcome),
                Err(diagnosis) => self.refuse(pod, &diagnosis, now),
            },
            Err(mut diagnosis) => {
                let (promise, preemption) = self.make_room(&pod, &mut diagnosis, random);
                Decision { promise, preemption, ..self.refuse(pod, &diagnosis, now) }
            }
        }
    }

    fn refuse(&mut self, pod: Arc<PodInfo>, diagnosis: &Diagnosis, now: Timestamp) -> Decision {
        self.queue.refuse(pod.uid(), diagnosis.plugins().collect(), now);
        Decision::of(pod, Outcome::Refused { message: diagnosis.message() })
    }

    /// What is done where no node fits: others may be pushed out, and their place promised.
    fn make_room(
        &mut self,
        pod: &Arc<PodInfo>,
        diagnosis: &mut Diagnosis,
        random: u64,
    ) -> (Promise, Option<Preemption>) {
        if self.cluster.node_count() == 0 {
            return (Promise::Stands, None);
        }
        let mut trial = Trial::new(&self.profile, &mut self.cluster, pod);
        let afterwards = self.profile.post_filters().next().map(|plugin| plugin.after(&mut trial, diagnosis, random));
        drop(trial);
        match afterwards {
            None => (Promise::Stands, None),
            Some(Afterwards::Wait(why)) => {
                diagnosis.after(Some(why));
                (Promise::Stands, None)
            }
            Some(Afterwards::Hopeless(why)) => {
                diagnosis.after(Some(why));
                let promised = self.cluster.nominations.remove(pod.uid()) || !pod.nominated.is_empty();
                (if promised { Promise::Taken } else { Promise::Stands }, None)
            }
            Some(Afterwards::Preempt(preemption)) => {
                self.cluster.nominations.put(pod.clone(), preemption.node.clone());
                self.cluster.preempted.extend(preemption.victims.iter().map(|victim| victim.uid().clone()));
                (Promise::Made(preemption.node.clone()), Some(preemption))
            }
        }
    }

    /// These could not be told to leave: they are as they were.
    pub fn preemption_failed(&mut self, victim: &str) {
        self.cluster.preempted.remove(victim);
    }

    /// Reserves, asks for permission, and counts the pod as being there.
    fn place(&mut self, pod: &Arc<PodInfo>, node: CompactString) -> Result<Outcome, Box<Diagnosis>> {
        let Some(info) = self.cluster.node(&node) else { return Err(Box::default()) };
        let reserved = self
            .profile
            .reserves()
            .try_for_each(|(name, plugin)| plugin.reserve(pod, info).map_err(|refusal| (name, refusal)));
        let permitted = reserved.and_then(|()| {
            self.profile.permits().try_for_each(|(name, plugin)| plugin.permit(pod, info).map_err(|why| (name, why)))
        });
        if let Err((name, refusal)) = permitted {
            let diagnosis = refused_at_last(name, info, refusal);
            self.unreserve(pod, &node);
            return Err(Box::new(diagnosis));
        }
        let bind = self.profile.binds().find_map(|plugin| plugin.bind(pod, &node));
        self.cluster.nominations.remove(pod.uid());
        self.cluster.assume(pod.clone(), node.clone());
        Ok(Outcome::Placed { node, bind })
    }

    fn unreserve(&self, pod: &PodInfo, node: &str) {
        for (_, plugin) in self.profile.reserves().rev() {
            plugin.unreserve(pod, node);
        }
    }

    /// A pod could not be bound: its place is free again, and it is tried again after a while.
    pub fn binding_failed(&mut self, pod: &PodInfo, now: Timestamp) {
        if !self.cluster.is_assumed(pod.uid()) {
            return;
        }
        if let Some(node) = self.cluster.node_of(pod.uid()).cloned() {
            self.unreserve(pod, &node);
        }
        if let Some(forgotten) = self.cluster.remove_pod(pod.uid()) {
            self.happened(&Event::PodRemoved(&forgotten), now);
        }
        self.queue.fail(pod.uid(), now);
    }

    /// When to ask for the next decision even if nothing happens.
    pub fn next_alarm(&self) -> Option<Timestamp> {
        self.queue.next_alarm()
    }
}

fn refused_at_last(plugin: &'static str, node: &crate::node::NodeInfo, refusal: Refusal) -> Diagnosis {
    let mut diagnosis = Diagnosis::new(1);
    diagnosis.refuse(plugin, node, refusal);
    diagnosis
}
