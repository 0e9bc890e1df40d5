//! A job.

use super::page::{Page, moment, or, selector};
use super::{Asker, template};
use crate::failure::Failure;
use meta::{Time, Value};

pub fn describe(asker: &Asker<'_, '_>, job: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", job.str("metadata.name"));
    page.field(0, "Namespace", job.str("metadata.namespace"));
    let (spec, status) = (job.get("spec"), job.get("status"));
    page.field(0, "Selector", selector(spec.get("selector")));
    page.metadata(job);
    page.controller(job);
    wanted(page, spec);
    times(page, spec, status);
    pods(page, status);
    if spec.str("completionMode") == "Indexed" {
        page.field(0, "Completed Indexes", or(status.str("completedIndexes"), "<none>"));
    }
    template::describe(spec.get("template"), page);
    asker.events(page);
    Ok(())
}

pub fn wanted(page: &mut Page, spec: &Value) {
    number(page, spec, "Parallelism", "parallelism");
    match spec.get("completions").as_int() {
        Some(count) => page.field(0, "Completions", count),
        None => page.field(0, "Completions", "<unset>"),
    }
    page.field_unless_empty(0, "Completion Mode", spec.str("completionMode"));
    if let Some(suspended) = spec.get("suspend").as_bool() {
        page.field(0, "Suspend", suspended);
    }
    number(page, spec, "Backoff Limit", "backoffLimit");
    number(page, spec, "TTL Seconds After Finished", "ttlSecondsAfterFinished");
}

fn number(page: &mut Page, spec: &Value, title: &str, field: &str) {
    if let Some(number) = spec.get(field).as_int() {
        page.field(0, title, number);
    }
}

fn times(page: &mut Page, spec: &Value, status: &Value) {
    let (start, end) = (status.str("startTime"), status.str("completionTime"));
    for (title, time) in [("Start Time", start), ("Completed At", end)] {
        if !time.is_empty() {
            page.field(0, title, moment(time));
        }
    }
    if let (Some(start), Some(end)) = (Time::parse(start), Time::parse(end)) {
        let start = Value::from(start.0.to_string());
        page.field(0, "Duration", kinds::age(&start, end.0));
    }
    if let Some(seconds) = spec.get("activeDeadlineSeconds").as_int() {
        page.field(0, "Active Deadline Seconds", format!("{seconds}s"));
    }
}

fn pods(page: &mut Page, status: &Value) {
    let ready = status.get("ready").as_int().map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let (active, good, bad) = (status.int("active"), status.int("succeeded"), status.int("failed"));
    page.field(0, "Pods Statuses", format!("{active} Active{ready} / {good} Succeeded / {bad} Failed"));
}
