//! CSINode: which volume drivers a node has.

use crate::cells;
use crate::{Context, Row, Rules, check, go_form, schema_of};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Path, Value};
use std::collections::BTreeSet;
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
            let id = driver.at("nodeID");
            if id.str().len() > NODE_ID_MOST {
                check::invalid(&id, format!("must be {NODE_ID_MOST} characters or less"), out);
            }
            topology_keys(&driver, out);
        }
    }

    /// Upstream judges a changed object twice, and tells each problem as often.
    fn validate_update(&self, context: &Context<'_>, new: &Value, old: &Value) -> ErrorList {
        let mut out = self.validate(context, new);
        out.extend(self.validate(context, new));
        kept_drivers(new, old, &mut out);
        out
    }
}

const NODE_ID_MOST: usize = 256;

/// Upstream names the driver in what it says of its keys.
fn topology_keys(driver: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    for key in driver.at("topologyKeys").items() {
        let at = Cursor::new(key.value, driver.path.clone());
        check::required(&at, "", out);
        if !seen.insert(key.str()) {
            out.push(FieldError::duplicate(&at.path, key.str()));
        }
        let complaints = meta::names::qualified_name(key.str()).into_iter();
        out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, key.str(), complaint)));
    }
}

/// Of a driver that stays, only the count of volumes changes.
fn kept_drivers(new: &Value, old: &Value, out: &mut ErrorList) {
    let Some(schema) = schema_of("storage.v1.CSINodeDriver") else { return };
    let path = Path::new("spec").field("drivers");
    let settled = |driver: &Value| {
        let mut driver = driver.clone();
        driver.remove("allocatable");
        driver
    };
    for before in old.items("spec.drivers") {
        for after in new.items("spec.drivers").iter().filter(|driver| driver.str("name") == before.str("name")) {
            let after = settled(after);
            if after != settled(before) {
                let at = Cursor::new(&after, path.clone());
                out.push(go_form::invalid(&schema.types, schema.root, &at, check::IMMUTABLE));
            }
        }
    }
}
