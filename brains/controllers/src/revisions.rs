//! ControllerRevisions: the templates that a set has had, to tell its pods apart by and to go back to.

use crate::ownership::{self, Claim, Described};
use crate::template;
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use meta::Value;
use meta::selector::LabelSelector;
use plan::{Plan, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The label that pods carry, and DaemonSets' revisions.
pub(crate) const HASH_LABEL: &str = "controller-revision-hash";
/// The label of StatefulSets' revisions.
pub(crate) const REVISION_HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// How a new revision is named and labelled.
pub(crate) struct Naming {
    pub(crate) label: &'static str,
    pub(crate) collisions: Option<i32>,
}

pub(crate) struct History {
    /// The revision of the present template: one that is there, or one that this plan makes.
    pub(crate) current: ControllerRevision,
    /// All others, oldest first.
    pub(crate) old: Vec<Arc<ControllerRevision>>,
}

/// What a revision keeps: a patch that puts the template back whole.
fn data(template: &PodTemplateSpec) -> Value {
    let mut kept = Value::encode(template).unwrap_or_default();
    kept.set("$patch", "replace");
    let mut data = Value::map();
    data.set("spec.template", kept);
    data
}

fn data_of(revision: &ControllerRevision) -> Value {
    revision.data.as_ref().and_then(|data| Value::encode(data).ok()).unwrap_or_default()
}

/// The template that a revision keeps.
pub(crate) fn template_of(revision: &ControllerRevision) -> PodTemplateSpec {
    let mut kept = data_of(revision).at("spec.template").clone();
    kept.remove("$patch");
    kept.decode().unwrap_or_default()
}

pub(crate) fn name_of(revision: &ControllerRevision) -> &str {
    revision.metadata.name.as_deref().unwrap_or("")
}

pub(crate) fn hash_of(revision: &ControllerRevision) -> &str {
    revision.metadata.labels.as_ref().and_then(|labels| labels.get(HASH_LABEL)).map_or("", String::as_str)
}

impl History {
    /// Finds the present template's revision among those of the owner, and makes it, or makes it the newest, where it
    /// is not. None while another object has its name: `collides` is then called.
    pub(crate) fn of<O: Described>(
        owner: &ObjectMeta,
        selector: &LabelSelector,
        template: &PodTemplateSpec,
        naming: &Naming,
        seen: &View,
        plan: &mut Plan,
    ) -> Option<History> {
        let claim = Claim { owner, selector, finalizer: None };
        let mut all = claim.dependents::<O, ControllerRevision>(seen, plan, |_| true);
        all.sort_by(|a, b| (a.revision, &a.metadata.name).cmp(&(b.revision, &b.metadata.name)));
        let wanted = data(template);
        let (same, old): (Vec<_>, Vec<_>) = all.into_iter().partition(|revision| data_of(revision) == wanted);
        let number = old.iter().map(|revision| revision.revision).max().unwrap_or(0) + 1;
        let Some(current) = same.last() else {
            let current = new::<O>(owner, template, &wanted, naming, number);
            let key = ownership::key(&current.metadata);
            if seen.get::<ControllerRevision>(&key.namespace, &key.name).is_some() {
                return None;
            }
            plan.create(&key.namespace, &current);
            return Some(History { current, old });
        };
        let mut current = ControllerRevision::clone(current);
        if current.revision < number {
            current.revision = number;
            plan.update(ownership::key(&current.metadata), &current);
        }
        Some(History { current, old })
    }

    /// Deletes the oldest revisions beyond the limit, but for those whose pods still live.
    pub(crate) fn truncate(&self, limit: i32, is_live: impl Fn(&ControllerRevision) -> bool, plan: &mut Plan) {
        let idle: Vec<_> = self.old.iter().filter(|revision| !is_live(revision)).collect();
        let surplus = idle.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for revision in idle.into_iter().take(surplus) {
            plan.delete::<ControllerRevision>(ownership::key(&revision.metadata), revision.metadata.uid.as_deref());
        }
    }
}

fn new<O: Described>(
    owner: &ObjectMeta,
    template: &PodTemplateSpec,
    data: &Value,
    naming: &Naming,
    revision: i64,
) -> ControllerRevision {
    let hash = template::hash(template, naming.collisions);
    let name = format!("{}-{hash}", owner.name.as_deref().unwrap_or(""));
    let from = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
    let labels: BTreeMap<String, String> =
        from.into_iter().flatten().chain([(naming.label.to_owned(), hash)]).collect();
    ControllerRevision {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: owner.namespace.clone(),
            labels: Some(labels),
            annotations: owner.annotations.clone(),
            owner_references: Some(vec![template::controller_reference::<O>(owner)]),
            ..ObjectMeta::default()
        },
        data: data.decode().ok(),
        revision,
    }
}
