//! A Job's next pod.

use super::FINALIZER;
use super::failure_policy;
use super::indexes::{self, FAILURES, IGNORED_FAILURES, INDEX};
use super::sync::Sync;
use crate::template;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodTemplateSpec};
use plan::Plan;

const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
/// What `metadata.generateName` may be long at most.
const BASE_LENGTH_MAX: usize = 58;

pub(super) fn plan(sync: &Sync<'_>, index: Option<i32>, nth: usize, acts: &mut Plan) {
    let owner = &sync.job.metadata;
    let job = owner.name.as_deref().unwrap_or("");
    let mut template = sync.spec.template.clone();
    let finalizers = template.metadata.get_or_insert_default().finalizers.get_or_insert_default();
    if !finalizers.iter().any(|known| known == FINALIZER) {
        finalizers.push(FINALIZER.into());
    }
    let mut base = template::prefix(job);
    if let Some(index) = index {
        base = indexed_base(job, index);
        give_index(sync, &mut template, index);
    }
    let name = sync.moment.name(&base, nth);
    let mut pod: Pod = template::pod::<Job>(&template, owner, &name);
    pod.metadata.generate_name = Some(base);
    acts.create(owner.namespace.as_deref().unwrap_or(""), &pod);
    acts.event_if_done(sync.job, "SuccessfulCreate", format!("Created pod: {name}"));
    acts.event_if_refused(sync.job, "FailedCreate", "Error creating: ");
}

fn indexed_base(job: &str, index: i32) -> String {
    let tail = format!("-{index}-");
    format!("{}{tail}", &job[..job.len().min(BASE_LENGTH_MAX - tail.len())])
}

fn give_index(sync: &Sync<'_>, template: &mut PodTemplateSpec, index: i32) {
    let job = sync.job.metadata.name.as_deref().unwrap_or("");
    let metadata = template.metadata.get_or_insert_default();
    metadata.labels.get_or_insert_default().insert(INDEX.into(), index.to_string());
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.insert(INDEX.into(), index.to_string());
    if sync.spec.backoff_limit_per_index.is_some() {
        let (failures, ignored) = carried_failures(sync, index);
        annotations.insert(FAILURES.into(), failures.to_string());
        if ignored > 0 {
            annotations.insert(IGNORED_FAILURES.into(), ignored.to_string());
        }
    }
    let spec = template.spec.get_or_insert_default();
    spec.hostname = Some(format!("{job}-{index}"));
    spec.init_containers.iter_mut().flatten().chain(&mut spec.containers).for_each(tell_index);
}

/// The failures of the pod that is replaced, with its own.
fn carried_failures(sync: &Sync<'_>, index: i32) -> (i32, i32) {
    let Some(replaced) = sync.tally.to_replace.get(&index) else { return (0, 0) };
    let (failures, ignored) = (indexes::failures(replaced), indexes::ignored_failures(replaced));
    if failure_policy::judge(&sync.spec, replaced).counts { (failures + 1, ignored) } else { (failures, ignored + 1) }
}

fn tell_index(container: &mut Container) {
    let env = container.env.get_or_insert_default();
    if env.iter().any(|variable| variable.name == INDEX_VARIABLE) {
        return;
    }
    let field_ref = ObjectFieldSelector { api_version: None, field_path: format!("metadata.labels['{INDEX}']") };
    let value_from = Some(EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() });
    env.push(EnvVar { name: INDEX_VARIABLE.into(), value: None, value_from });
}
