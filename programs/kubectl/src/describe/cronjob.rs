//! A cron job.

use super::page::{Page, moment, selector};
use super::{Asker, template};
use crate::failure::Failure;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, job: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(job);
    let spec = job.get("spec");
    page.field(0, "Schedule", spec.str("schedule"));
    page.field(0, "Concurrency Policy", spec.str("concurrencyPolicy"));
    let suspended = spec.get("suspend").as_bool().map_or("<unset>", super::page::yes_no);
    page.field(0, "Suspend", suspended);
    for (title, field, unit) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit", ""),
        ("Failed Job History Limit", "failedJobsHistoryLimit", ""),
        ("Starting Deadline Seconds", "startingDeadlineSeconds", "s"),
    ] {
        let text = spec.get(field).as_int().map_or("<unset>".to_string(), |number| format!("{number}{unit}"));
        page.field(0, title, text);
    }
    job_template(page, spec.at("jobTemplate.spec"));
    match job.str("status.lastScheduleTime") {
        "" => page.field(0, "Last Schedule Time", "<unset>"),
        time => page.field(0, "Last Schedule Time", moment(time)),
    }
    let active: Vec<&str> = job.items("status.active").iter().map(|job| job.str("name")).collect();
    page.field(0, "Active Jobs", super::page::or(&active.join(", "), "<none>"));
    asker.events(page);
    Ok(())
}

fn job_template(page: &mut Page, spec: &Value) {
    page.field(
        0,
        "Selector",
        match spec.get("selector") {
            Value::Null => "<unset>".to_string(),
            labels => selector(labels),
        },
    );
    for (title, field, unit) in [
        ("Parallelism", "parallelism", ""),
        ("Completions", "completions", ""),
        ("Active Deadline Seconds", "activeDeadlineSeconds", "s"),
    ] {
        match spec.get(field).as_int() {
            Some(number) => page.field(0, title, format!("{number}{unit}")),
            None if unit.is_empty() => page.field(0, title, "<unset>"),
            None => {}
        }
    }
    template::describe(spec.get("template"), page);
}
