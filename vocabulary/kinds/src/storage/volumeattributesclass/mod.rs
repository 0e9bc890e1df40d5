//! VolumeAttributesClass: changeable traits of volumes.

use crate::cells;
use crate::storage::class_rules;
use crate::{Context, Row, Rules};
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
        class_rules::driver(&at.at("driverName"), out);
        class_rules::parameters(&at.at("parameters"), out);
        if at.at("parameters").entries().next().is_none() {
            out.push(FieldError::required(&at.at("parameters").path, "must contain at least one key/value pair"));
        }
        if let Some(old) = old {
            class_rules::kept(&at, old, &["driverName", "parameters"], out);
        }
    }
}
