//! ControllerRevision: one state of a workload, kept for going back.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "ControllerRevision", || Arc::new(ControllerRevision));

struct ControllerRevision;

impl Rules for ControllerRevision {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), controller(object), object.int("revision").into(), cells::age(object, now)]
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let data = Cursor::root(new).at("data");
        match (old, data.value) {
            (Some(old), _) => check::immutable(&data, &Cursor::root(old).at("data"), out),
            (None, Value::Map(_)) => {}
            (None, Value::Null) => out.push(FieldError::required(&data.path, "data is mandatory")),
            (None, _) => out.push(FieldError::required(&data.path, "data must be a valid JSON object")),
        }
    }
}

/// `deployment.apps/web`
fn controller(revision: &Value) -> Value {
    let mut owners = revision.items("metadata.ownerReferences").iter();
    let Some(owner) = owners.find(|owner| owner.bool("controller")) else { return "<none>".into() };
    let group = owner.str("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let dot = if group.is_empty() { "" } else { "." };
    format!("{}{dot}{group}/{}", owner.str("kind").to_lowercase(), owner.str("name")).into()
}
