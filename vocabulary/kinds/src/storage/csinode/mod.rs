//! CSINode: which volume drivers a node has.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "CSINode", || Arc::new(CSINode));

struct CSINode;

impl Rules for CSINode {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let drivers = object.items("spec.drivers").len() as i64;
        vec![cells::name(object), drivers.into(), cells::age(object, now)]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        for driver in Cursor::root(new).at("spec.drivers").items() {
            for key in driver.at("topologyKeys").items() {
                // Upstream names the driver in what it says of its keys.
                let at = Cursor::new(key.value, driver.path.clone());
                check::required(&at, "", out);
                check::text(&at, meta::names::qualified_name(key.str()), out);
            }
        }
    }
}
