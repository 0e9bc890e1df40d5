//! Job: pods that run to their end.

use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, fresh, metadata};
use jiff::Timestamp;
use meta::{CompactString, Cursor, ErrorList, Value};
use std::sync::Arc;

mod job_cells;
mod job_defaults;
pub(crate) mod job_rules;

pub const ROW: Row = Row::new("batch", "Job", || Arc::new(Job));

struct Job;

impl Rules for Job {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        vec![
            cells::name(object),
            job_cells::status(object).into(),
            job_cells::completions(object).into(),
            job_cells::duration(object, now).into(),
            cells::age(object, now),
            names,
            images,
            cells::selector(object.at("spec.selector")),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["status.successful"]
    }

    fn unselectable(&self, field: &str) -> String {
        format!("field label {field:?} not supported for Job")
    }

    /// The label's name is older than the field's.
    fn selectable_value(&self, object: &Value, _field: &str) -> CompactString {
        CompactString::from(object.int("status.succeeded").to_string())
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn orphans_by_default(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        job_defaults::fill(object);
        if let Some(spec) = object.at_mut("spec.template.spec") {
            defaults::of_spec(spec);
        }
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        job_defaults::prepare(object);
    }

    fn owned_at_creation(&self, object: &Value) -> Option<Value> {
        let mut whole = object.clone();
        job_defaults::labels_of_template(&mut whole);
        Some(whole)
    }

    fn judges_updates_twice(&self) -> bool {
        true
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("spec.template"), new, old)
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if context.subresource == "status" {
            return;
        }
        let at = Cursor::root(new);
        job_rules::spec(&at.at("spec"), out);
        job_rules::selector(&at.at("spec"), out);
        match old {
            Some(old) => job_rules::update(&at.at("spec"), old.get("spec"), out),
            None => job_rules::whole(&at, out),
        }
    }
}
