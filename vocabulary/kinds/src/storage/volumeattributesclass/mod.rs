//! VolumeAttributesClass: changeable traits of volumes.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "VolumeAttributesClass", || Arc::new(VolumeAttributesClass));

struct VolumeAttributesClass;

impl Rules for VolumeAttributesClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("driverName").into(), cells::age(object, now)]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        if at.at("parameters").entries().any(|(key, _)| key.is_empty()) {
            out.push(FieldError::invalid(&at.at("parameters").path, "", "field can not be empty."));
        }
        let Some(old) = old else { return };
        for field in ["driverName", "parameters"] {
            if new.get(field) != old.get(field) {
                check::forbidden(&at.at(field).path, &format!("updates to {field} are forbidden."), out);
            }
        }
    }
}
