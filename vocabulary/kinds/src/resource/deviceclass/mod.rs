//! DeviceClass: devices of one sort.

use crate::cells;
use crate::resource::selectors;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("resource.k8s.io", "DeviceClass", || Arc::new(DeviceClass));

struct DeviceClass;

impl Rules for DeviceClass {
    fn validate_name(&self, name: &str) -> Vec<String> {
        crate::formats::declared_subdomain(name)
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), cells::age(object, now)]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        object.remove("spec.extendedResourceName");
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        new.remove("spec.extendedResourceName");
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        selectors(&Cursor::root(new).at("spec.selectors"), out);
    }
}
