//! The ReplicaSet of the Deployment's present template: found, or made with the next revision.

use super::annotations;
use super::progress::Progress;
use super::rollout::Rollout;
use crate::template;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetSpec};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use plan::View;

pub(super) const HASH_LABEL: &str = "pod-template-hash";
const NAME_LENGTH_MAX: usize = 253;

impl Rollout<'_> {
    /// Finds the new set and brings revisions up to date; makes it where it is wanted and absent.
    pub(super) fn sync_revision(&mut self, create: bool, seen: &View) {
        let template = self.spec().template.clone();
        self.new = self.sets.iter().position(|copy| {
            let theirs = copy.set.spec.as_ref().and_then(|spec| spec.template.as_ref());
            theirs.is_some_and(|theirs| same_but_hash(theirs, &template))
        });
        let newest_old = self.olds().map(|place| annotations::revision(&self.sets[place].set.metadata)).max();
        let revision = newest_old.unwrap_or(0).max(0) + 1;
        match self.new {
            Some(place) => self.follow_existing(place, revision),
            None if create => self.create_new(revision, seen),
            None => {}
        }
    }

    fn follow_existing(&mut self, place: usize, revision: i64) {
        let set = &mut self.sets[place].set;
        annotations::follow(self.original, set, revision);
        set.spec.get_or_insert_default().min_ready_seconds =
            self.deployment.spec.as_ref().and_then(|spec| spec.min_ready_seconds);
        let revision = annotations::get(&set.metadata, annotations::REVISION).unwrap_or("").to_owned();
        let message = format!("Found new replica set {:?}", self.sets[place].name());
        annotations::set_revision(&mut self.deployment.metadata, &revision);
        if self.has_progress_deadline() && self.progress().is_none() {
            self.show_progress(Progress::Found, message);
        }
    }

    fn create_new(&mut self, revision: i64, seen: &View) {
        let set = self.new_set();
        let name = set.metadata.name.clone().unwrap_or_default();
        let namespace = self.original.metadata.namespace.clone().unwrap_or_default();
        if seen.get::<ReplicaSet>(&namespace, &name).is_some() {
            // Another set has the name: the hash collides. The next one is made with a count that changes it.
            let collisions = self.status().collision_count.unwrap_or(0);
            self.status().collision_count = Some(collisions + 1);
            self.again_after = Some(jiff::SignedDuration::ZERO);
            return;
        }
        let place = self.add(set);
        self.new = Some(place);
        let replicas = self.new_set_size(place);
        self.sets[place].set.spec.get_or_insert_default().replicas = Some(replicas);
        let (desired, most) = (self.replicas(), self.replicas() + self.max_surge());
        let set = &mut self.sets[place].set;
        annotations::follow(self.original, set, revision);
        annotations::set_sizes(set, desired, most);
        annotations::set_revision(&mut self.deployment.metadata, &revision.to_string());
        if self.has_progress_deadline() {
            let (progress, message) = match self.refusal() {
                Some(why) => (Progress::CreateFailed, format!("Failed to create new replica set {name:?}: {why}")),
                None => (Progress::Created, format!("Created new replica set {name:?}")),
            };
            self.show_progress(progress, message);
        }
    }

    fn new_set(&self) -> ReplicaSet {
        let spec = self.spec();
        let hash = template::hash(&spec.template, self.deployment.status.as_ref().and_then(|s| s.collision_count));
        let mut template = spec.template.clone();
        let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
        labels.insert(HASH_LABEL.into(), hash.clone());
        let metadata = ObjectMeta {
            name: Some(set_name(self.name(), &hash)),
            namespace: self.original.metadata.namespace.clone(),
            labels: Some(labels.clone()),
            owner_references: Some(vec![template::controller_reference::<Deployment>(&self.original.metadata)]),
            ..ObjectMeta::default()
        };
        let mut match_labels = spec.selector.match_labels.clone().unwrap_or_default();
        match_labels.insert(HASH_LABEL.into(), hash);
        let selector = LabelSelector { match_labels: Some(match_labels), ..spec.selector.clone() };
        let min_ready_seconds = spec.min_ready_seconds;
        let spec = ReplicaSetSpec { replicas: Some(0), min_ready_seconds, selector, template: Some(template) };
        ReplicaSet { metadata, spec: Some(spec), status: None }
    }

    /// As many pods as the new set may have now: all, or what the surge leaves room for. Pods that an old set is still to
    /// lose take room: its size alone would let a quick new set outrun a slow old one.
    pub(super) fn new_set_size(&self, place: usize) -> i32 {
        let present = self.sets[place].replicas();
        if !self.is_rolling_update() {
            return self.replicas();
        }
        let Some(held) = self.held() else { return present };
        let room = self.replicas() + self.max_surge() - held;
        if room <= 0 { present } else { present + room.min(self.replicas() - present) }
    }
}

pub(super) fn same_but_hash(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    without_hash(a) == without_hash(b)
}

pub(super) fn without_hash(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    let metadata = template.metadata.get_or_insert_default();
    if let Some(labels) = &mut metadata.labels {
        labels.remove(HASH_LABEL);
    }
    metadata.labels = metadata.labels.take().filter(|labels| !labels.is_empty());
    template
}

fn set_name(deployment: &str, hash: &str) -> String {
    let most = NAME_LENGTH_MAX - hash.len() - 1;
    format!("{}-{hash}", &deployment[..deployment.len().min(most)])
}
