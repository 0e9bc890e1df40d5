//! CronJob: jobs by the clock.

mod schedule;

use crate::batch::job::job_rules;
use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, check, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("batch", "CronJob", || Arc::new(CronJob));

/// Names of jobs are labels, and a minute in eleven characters follows the name of what makes them.
const NAME_MOST: usize = 63 - 11;

struct CronJob;

impl Rules for CronJob {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let suspended = match object.at("spec.suspend").as_bool() {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        };
        let last = match object.at("status.lastScheduleTime") {
            Value::Null => "<none>".to_string(),
            moment => cells::since(moment, now),
        };
        let [names, images] = cells::containers(object.at("spec.jobTemplate.spec.template.spec"));
        vec![
            cells::name(object),
            object.str("spec.schedule").into(),
            cells::text_or(object, "spec.timeZone", "<none>"),
            suspended.into(),
            (object.items("status.active").len() as i64).into(),
            last.into(),
            cells::age(object, now),
            names,
            images,
            cells::selector(object.at("spec.jobTemplate.spec.selector")),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        if let Some(spec) = object.at_mut("spec.jobTemplate.spec.template.spec") {
            defaults::of_spec(spec);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("spec.jobTemplate.spec.template"), new, old)
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if context.subresource == "status" {
            return;
        }
        let name = Cursor::root(new).at("metadata.name");
        if old.is_none() && name.str().len() > NAME_MOST {
            check::invalid(&name, format!("must be no more than {NAME_MOST} characters"), out);
        }
        let spec = Cursor::root(new).at("spec");
        let template = spec.at("jobTemplate.spec");
        job_rules::spec(&template, out);
        if let Some(selector) = template.at("selector").present() {
            check::invalid(&selector, "`selector` will be auto-generated", out);
        }
        schedule::judge(&spec, out);
    }
}
