//! The claims of members: made before their pod, owned as the retention policy says.

use super::members::Members;
use crate::ownership;
use crate::template::controller_reference;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use plan::{Plan, View};
use std::sync::Arc;

pub(super) fn name(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> String {
    let set = set.metadata.name.as_deref().unwrap_or("");
    format!("{}-{set}-{ordinal}", template.metadata.name.as_deref().unwrap_or(""))
}

impl Members<'_> {
    fn claims(&self, ordinal: i32) -> Vec<PersistentVolumeClaim> {
        let of = |template: &PersistentVolumeClaim| {
            let mut claim = template.clone();
            claim.metadata.name = Some(name(self.set, template, ordinal));
            claim.metadata.namespace = self.set.metadata.namespace.clone();
            let selected = self.spec.selector.match_labels.clone().unwrap_or_default();
            claim.metadata.labels.get_or_insert_default().extend(selected);
            claim.status = None;
            claim
        };
        self.spec.volume_claim_templates.iter().flatten().map(of).collect()
    }

    /// Makes what claims a member lacks. False where one of an earlier life must go first.
    pub(super) fn provide_claims(&self, ordinal: i32, pod: Option<&Pod>, seen: &View, plan: &mut Plan) -> bool {
        let mut usable = true;
        for claim in self.claims(ordinal) {
            let key = ownership::key(&claim.metadata);
            match seen.get::<PersistentVolumeClaim>(&key.namespace, &key.name) {
                Some(found) => usable &= found.metadata.deletion_timestamp.is_none() && !self.is_stale(&found, ordinal),
                None => self.create_claim(claim, ordinal, pod, plan),
            }
        }
        usable
    }

    fn create_claim(&self, mut claim: PersistentVolumeClaim, ordinal: i32, pod: Option<&Pod>, plan: &mut Plan) {
        claim.metadata.owner_references = Some(self.owners(&claim, pod)).filter(|owners| !owners.is_empty());
        let key = ownership::key(&claim.metadata);
        let member = super::pod::name(self.set, ordinal);
        let set = self.set.metadata.name.as_deref().unwrap_or("");
        plan.create(&key.namespace, &claim);
        let done = format!("create Claim {} Pod {member} in StatefulSet {set} success", key.name);
        let failed = format!("create Claim {} for Pod {member} in StatefulSet {set} failed error: ", key.name);
        plan.event_if_done(self.set, "SuccessfulCreate", done);
        plan.event_if_refused(self.set, "FailedCreate", failed);
    }

    /// A claim that a pod of this name owned which is no more: it is being collected.
    fn is_stale(&self, claim: &PersistentVolumeClaim, ordinal: i32) -> bool {
        let member = super::pod::name(self.set, ordinal);
        let owners = claim.metadata.owner_references.iter().flatten();
        owners.into_iter().any(|owner| owner.kind == "Pod" && owner.name == member)
    }

    /// Gives a member's claims the owners that the retention policy asks for.
    pub(super) fn retain_claims(&self, ordinal: i32, pod: &Arc<Pod>, seen: &View, plan: &mut Plan) {
        for claim in self.claims(ordinal) {
            let key = ownership::key(&claim.metadata);
            let Some(found) = seen.get::<PersistentVolumeClaim>(&key.namespace, &key.name) else { continue };
            let owners = self.owners(&found, Some(pod));
            if found.metadata.owner_references.clone().unwrap_or_default() != owners {
                let mut owned = PersistentVolumeClaim::clone(&found);
                owned.metadata.owner_references = Some(owners);
                plan.update(key, &owned);
            }
        }
    }

    fn owners(&self, claim: &PersistentVolumeClaim, pod: Option<&Pod>) -> Vec<OwnerReference> {
        let set = &self.set.metadata;
        let policy = self.spec.persistent_volume_claim_retention_policy.clone().unwrap_or_default();
        let deletes = |when: &Option<String>| when.as_deref() == Some("Delete");
        let scaled_down = pod.filter(|pod| self.condemned.iter().any(|gone| gone.metadata.uid == pod.metadata.uid));
        let is_ours = |owner: &&OwnerReference| {
            owner.uid == ownership::uid(set) || pod.is_some_and(|pod| owner.uid == ownership::uid(&pod.metadata))
        };
        let others = claim.metadata.owner_references.iter().flatten().filter(|owner| !is_ours(owner));
        let mut owners: Vec<OwnerReference> = others.cloned().collect();
        match scaled_down.filter(|_| deletes(&policy.when_scaled)) {
            Some(pod) => owners.push(controller_reference::<Pod>(&pod.metadata)),
            None if deletes(&policy.when_deleted) => owners.push(controller_reference::<StatefulSet>(set)),
            None => {}
        }
        owners
    }
}
