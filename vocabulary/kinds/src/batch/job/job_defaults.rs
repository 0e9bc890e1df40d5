//! A job's defaults, and the selector that it makes for itself.

use meta::Value;

const JOB_NAME: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
const CONTROLLER: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];

/// The limit of a job that counts failures by index.
const NO_LIMIT: i64 = i32::MAX as i64;
const RETRIES: i64 = 6;

pub fn fill(job: &mut Value) {
    if job.at("spec.completions").is_null() && job.at("spec.parallelism").is_null() {
        job.set("spec.completions", 1i64);
    }
    let by_index = !job.at("spec.backoffLimitPerIndex").is_null();
    let replaced = if job.at("spec.podFailurePolicy").is_null() { "TerminatingOrFailed" } else { "Failed" };
    job.set_if_absent("spec.parallelism", 1i64);
    job.set_if_absent("spec.backoffLimit", if by_index { NO_LIMIT } else { RETRIES });
    job.set_if_absent("spec.completionMode", "NonIndexed");
    job.set_if_absent("spec.suspend", false);
    job.set_if_absent("spec.podReplacementPolicy", replaced);
    job.set_if_absent("spec.manualSelector", false);
    // A new job's template gets more labels first: see `prepare`.
    if !job.at("metadata.uid").is_null() {
        labels_of_template(job);
    }
}

/// A new job: its labels are the template's very own in Go, so that those that are generated are among them.
pub fn prepare(job: &mut Value) {
    let shared = job.at("metadata.labels").is_empty() && !job.at("spec.template.metadata.labels").is_empty();
    if !job.bool("spec.manualSelector") {
        generate_selector(job);
    }
    if shared {
        labels_of_template(job);
    }
}

/// A job without labels has those of its template.
pub fn labels_of_template(job: &mut Value) {
    let labels = job.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() && job.at("metadata.labels").is_empty() {
        job.set("metadata.labels", labels);
    }
}

/// The job's pods carry its uid, and by that alone it finds them.
fn generate_selector(job: &mut Value) {
    let (name, uid) = (Value::from(job.str("metadata.name")), job.at("metadata.uid").clone());
    let labels = job.entry("spec").entry("template").entry("metadata").entry("labels");
    for (keys, value) in [(JOB_NAME, name), (CONTROLLER, uid.clone())] {
        keys.into_iter().for_each(|key| set_if_absent(labels, key, &value));
    }
    let selector = job.entry("spec").entry("selector").entry("matchLabels");
    set_if_absent(selector, CONTROLLER[1], &uid);
}

/// Keys of labels hold dots: they are no paths.
fn set_if_absent(labels: &mut Value, key: &str, value: &Value) {
    let slot = labels.entry(key);
    if slot.is_null() {
        *slot = value.clone();
    }
}
