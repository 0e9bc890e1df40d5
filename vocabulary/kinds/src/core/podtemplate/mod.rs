//! PodTemplate: a pod to copy.

use crate::cells;
use crate::pods::defaults;
use crate::pods::validate;
use crate::pods::warnings;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "PodTemplate", || Arc::new(PodTemplate));

struct PodTemplate;

impl Rules for PodTemplate {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        let [names, images] = cells::containers(object.at("template.spec"));
        vec![cells::name(object), names, images, cells::labels(object.at("template.metadata.labels"))]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        new.get("template") != old.get("template")
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        if let Some(spec) = object.at_mut("template.spec") {
            defaults::of_spec(spec);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("template"), new, old)
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        validate::template(&Cursor::root(new).at("template"), out);
    }
}
