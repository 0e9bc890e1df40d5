//! ResourceSlice: devices that a driver offers.

use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Time, Value};
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

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        date_taints(object, context);
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, _old: &Value) {
        date_taints(new, context);
    }
}

fn date_taints(slice: &mut Value, context: &Context<'_>) {
    let devices = slice.at_mut("spec.devices").and_then(Value::as_list_mut);
    for device in devices.into_iter().flatten() {
        let taints = device.at_mut("taints").and_then(Value::as_list_mut);
        taints.into_iter().flatten().for_each(|taint| taint.set_if_absent("timeAdded", Time(context.now).to_string()));
    }
}
