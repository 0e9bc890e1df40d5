//! ResourceSlice: devices that a driver offers.

use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("resource.k8s.io", "ResourceSlice", || Arc::new(ResourceSlice));

struct ResourceSlice;

impl Rules for ResourceSlice {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let text = |path: &str| Value::from(object.str(path));
        vec![
            cells::name(object),
            text("spec.nodeName"),
            text("spec.driver"),
            text("spec.pool.name"),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["spec.nodeName", "spec.driver"]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        drop_disabled(object);
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        drop_disabled(new);
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let places = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"];
        if places.iter().filter(|place| !spec.at(place).is_null()).count() != 1 {
            let words = places.map(|place| format!("`{place}`")).join(", ");
            out.push(FieldError::required(&spec.path, format!("exactly one of {words} is required")));
        }
    }
}

/// Fields of features that are off: upstream takes them and keeps nothing.
const DISABLED: &[&str] = &["sharedCounters", "perDeviceNodeSelection"];
const DISABLED_OF_DEVICES: &[&str] = &[
    "taints",
    "consumesCounters",
    "nodeName",
    "nodeSelector",
    "allNodes",
    "bindingConditions",
    "bindingFailureConditions",
    "bindsToNode",
    "allowMultipleAllocations",
];

fn drop_disabled(slice: &mut Value) {
    DISABLED.iter().for_each(|field| _ = slice.remove(&format!("spec.{field}")));
    let devices = slice.at_mut("spec.devices").and_then(Value::as_list_mut);
    for device in devices.into_iter().flatten() {
        DISABLED_OF_DEVICES.iter().for_each(|field| _ = device.remove(field));
    }
}
