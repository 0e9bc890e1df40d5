//! Job: pods that run to their end.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

mod job_cells;

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
}
