//! What a job's fields must satisfy together.

use crate::pods::validate;
use crate::{check, workload};
use meta::selector::LabelSelector;
use meta::{Cursor, ErrorList, FieldError, Value};

const INDEXED_MOST: i64 = 100_000;

pub fn spec(at: &Cursor<'_>, out: &mut ErrorList) {
    match at.at("completionMode").str() {
        "Indexed" => indexed(at, out),
        "NonIndexed" => counted(at, out),
        _ if at.at("completionMode").is_null() => counted(at, out),
        _ => {}
    }
    if !at.at("maxFailedIndexes").is_null() && at.at("backoffLimitPerIndex").is_null() {
        let path = at.at("backoffLimitPerIndex").path;
        out.push(FieldError::required(&path, "when maxFailedIndexes is specified"));
    }
    let replaced = at.at("podReplacementPolicy");
    match at.at("podFailurePolicy").is_null() {
        true => check::one_of(&replaced, &["Failed", "TerminatingOrFailed"], out),
        false => check::one_of(&replaced, &["Failed"], out),
    }
    at.at("podFailurePolicy.rules").items().for_each(|rule| failure_rule(&rule, out));
    validate::template(&at.at("template"), out);
    restart_policy(at, out);
}

fn indexed(at: &Cursor<'_>, out: &mut ErrorList) {
    let (completions, failed) = (at.at("completions"), at.at("maxFailedIndexes"));
    if completions.is_null() {
        out.push(FieldError::required(&completions.path, "when completion mode is Indexed"));
    }
    if at.at("parallelism").int() > INDEXED_MOST {
        let why = format!("must be less than or equal to {INDEXED_MOST} when completion mode is Indexed");
        check::invalid(&at.at("parallelism"), why, out);
    }
    if !completions.is_null() && !failed.is_null() && failed.int() > completions.int() {
        check::invalid(&failed, "must be less than or equal to completions", out);
    }
    if failed.int() > INDEXED_MOST {
        check::invalid(&failed, format!("must be less than or equal to {INDEXED_MOST}"), out);
    }
}

fn failure_rule(at: &Cursor<'_>, out: &mut ErrorList) {
    const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
    let action = at.at("action");
    if check::required(&action, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]", out) {
        check::one_of(&action, &ACTIONS, out);
    }
    let (codes, conditions) = (at.at("onExitCodes"), at.at("onPodConditions"));
    let none = conditions.items().next().is_none();
    let why = match (codes.is_null(), none) {
        (true, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        (false, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        _ => return,
    };
    let mut error = FieldError::invalid(&at.path, Value::Null, why);
    error.value = None;
    out.push(error);
}

fn counted(at: &Cursor<'_>, out: &mut ErrorList) {
    for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
        if let Some(given) = at.at(field).present() {
            check::invalid(&given, "requires indexed completion mode", out);
        }
    }
}

/// A job ends: its pods do not restart for ever.
fn restart_policy(at: &Cursor<'_>, out: &mut ErrorList) {
    let policy = at.at("template.spec.restartPolicy");
    match policy.str() {
        "" | "Always" => {
            out.push(FieldError::required(&policy.path, "valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" if !at.at("podFailurePolicy").is_null() => {
            check::invalid(&policy, "only \"Never\" is supported when podFailurePolicy is specified", out);
        }
        "OnFailure" | "Never" => {}
        other => out.push(FieldError::not_supported(&policy.path, other, ["OnFailure", "Never"])),
    }
}

pub fn selector(at: &Cursor<'_>, out: &mut ErrorList) {
    let given = at.at("selector");
    if given.is_null() {
        out.push(FieldError::required(&given.path, ""));
    }
    if let Ok(selector) = LabelSelector::from_value(given.value) {
        workload::matches(&selector, &at.at("template"), out);
    }
}

/// Between the spec and the job's own name and uid.
pub fn whole(job: &Cursor<'_>, out: &mut ErrorList) {
    if !job.at("spec.manualSelector").bool() && !job.at("spec.selector").is_null() {
        generated(job, out);
        made_selector(job, out);
    }
    let completions = job.at("spec.completions").int();
    if job.at("spec.completionMode").str() == "Indexed" && completions > 0 {
        let last = format!("{}-{}", job.at("metadata.name").str(), completions - 1);
        if !meta::names::dns_label(&last).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {last}");
            out.push(FieldError::invalid(&job.at("metadata.name").path, job.at("metadata.name").str(), why));
        }
    }
}

/// Labels that the job makes itself have the values that it gives them.
fn generated(job: &Cursor<'_>, out: &mut ErrorList) {
    let (name, uid) = (job.at("metadata.name").str(), job.at("metadata.uid").str());
    let labels = job.at("spec.template.metadata.labels");
    let wanted = [
        ("controller-uid", uid),
        ("batch.kubernetes.io/controller-uid", uid),
        ("job-name", name),
        ("batch.kubernetes.io/job-name", name),
    ];
    for (key, value) in wanted {
        let label = labels.key(key);
        if label.is_null() {
            out.push(FieldError::required(&label.path, format!("must be '{value}'")));
        } else if label.str() != value {
            out.push(FieldError::invalid(&label.path, labels.value.clone(), format!("must be '{value}'")));
        }
    }
}

/// A selector that is made for a job holds nothing else.
fn made_selector(job: &Cursor<'_>, out: &mut ErrorList) {
    let selector = job.at("spec.selector");
    let uid = job.at("metadata.uid").str();
    let labels: Vec<(&str, String)> =
        selector.at("matchLabels").entries().map(|(key, value)| (key, value.str().to_string())).collect();
    let own = |(key, value): &(&str, String)| *key == "batch.kubernetes.io/controller-uid" && value == uid;
    if labels.len() != 1 || !labels.iter().all(own) || !selector.at("matchExpressions").is_null() {
        check::invalid(&selector, "`selector` not auto-generated", out);
    }
}

pub fn update(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    const KEPT: &[&str] =
        &["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"];
    workload::kept(new, old, KEPT, out);
    completions(new, old, out);
    let mut template = new.value.get("template").clone();
    // A suspended job that has not begun may still be told where to run.
    if old.bool("suspend") {
        for field in ["spec.affinity", "spec.nodeSelector", "spec.tolerations", "spec.schedulingGates", "metadata"] {
            match old.get("template").at(field) {
                Value::Null => _ = template.remove(field),
                value => template.set(field, value.clone()),
            }
        }
    }
    if &template != old.get("template") {
        check::invalid(&new.at("template"), check::IMMUTABLE, out);
    }
}

fn completions(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let at = new.at("completions");
    if at.value == old.get("completions") {
        return;
    }
    match new.at("completionMode").str() == "Indexed" {
        false => check::invalid(&at, check::IMMUTABLE, out),
        true if !at.is_null() && at.int() != new.at("parallelism").int() => {
            check::invalid(&at, "can only be modified in tandem with spec.parallelism", out);
        }
        true => {}
    }
}
