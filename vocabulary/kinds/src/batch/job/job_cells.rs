//! What a job's row says of its progress.

use crate::cells;
use jiff::Timestamp;
use meta::Value;

pub fn status(job: &Value) -> &'static str {
    let holds = |kind: &str| cells::condition(job, kind);
    match () {
        _ if holds("Complete") => "Complete",
        _ if holds("Failed") => "Failed",
        _ if !job.at("metadata.deletionTimestamp").is_null() => "Terminating",
        _ if holds("Suspended") => "Suspended",
        _ if holds("FailureTarget") => "FailureTarget",
        _ if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        _ => "Running",
    }
}

pub fn completions(job: &Value) -> String {
    let done = job.int("status.succeeded");
    match (job.at("spec.completions").as_int(), job.int("spec.parallelism")) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallelism) if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        (None, _) => format!("{done}/1"),
    }
}

pub fn duration(job: &Value, now: Timestamp) -> String {
    let start = job.at("status.startTime");
    match (start, job.at("status.completionTime")) {
        (Value::Null, _) => String::new(),
        (start, Value::Null) => cells::since(start, now),
        (start, end) => cells::between(start, end).unwrap_or_default(),
    }
}
