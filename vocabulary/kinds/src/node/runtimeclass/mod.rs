//! RuntimeClass: which container runtime runs a pod.

use crate::cells;
use crate::pods::validate::{resources, scheduling};
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("node.k8s.io", "RuntimeClass", || Arc::new(RuntimeClass));

struct RuntimeClass;

impl Rules for RuntimeClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("handler").into(), cells::age(object, now)]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        scheduling::tolerations(&at.at("scheduling.tolerations"), out);
        let overhead = at.at("overhead.podFixed");
        let limits = value!({"limits": (overhead.value.clone())});
        resources::judge(&Cursor::new(&limits, at.at("overhead").path), resources::container_name, out);
    }
}
