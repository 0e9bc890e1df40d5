//! CSIDriver: what a volume driver can do.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{ErrorList, FieldError, Path, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "CSIDriver", || Arc::new(CSIDriver));

struct CSIDriver;

impl Rules for CSIDriver {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let flag = |path: &str, absent: bool| Value::from(object.at(path).as_bool().unwrap_or(absent));
        let modes = cells::joined(object.at("spec.volumeLifecycleModes"), ",");
        vec![
            cells::name(object),
            flag("spec.attachRequired", true),
            flag("spec.podInfoOnMount", false),
            flag("spec.storageCapacity", false),
            audiences(object).into(),
            flag("spec.requiresRepublish", false),
            if modes.is_empty() { "<none>".into() } else { modes.into() },
            cells::age(object, now),
        ]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    /// Counts changes from nothing: a new driver has no generation.
    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, old: &Value) {
        if new.get("spec") != old.get("spec") {
            new.set("metadata.generation", old.int("metadata.generation") + 1);
        }
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let Some(old) = old else { return };
        let required = new.at("spec.attachRequired");
        if required != old.at("spec.attachRequired") {
            // Upstream's own name of the field.
            let path = Path::new("spec").field("attachedRequired");
            out.push(FieldError::invalid(&path, required.clone(), check::IMMUTABLE));
        }
    }
}

fn audiences(driver: &Value) -> String {
    match driver.at("spec.tokenRequests").as_list() {
        None => "<unset>".into(),
        Some(requests) => requests.iter().map(|request| request.str("audience")).collect::<Vec<_>>().join(","),
    }
}
