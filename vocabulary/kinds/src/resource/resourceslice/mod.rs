//! ResourceSlice: devices that a driver offers.

mod device_rules;

use crate::cells;
use crate::resource::requests;
use crate::{Context, Row, Rules, check};
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
        pool(&spec.at("pool"), out);
        place(&spec, out);
        let devices = spec.at("devices");
        if !check::too_many(&devices, DEVICES_MOST, out) {
            devices.items().for_each(|device| device_rules::check(&device, out));
            requests::distinct(&devices, out);
        }
    }
}

const DEVICES_MOST: usize = 128;

/// A pool's name is that of a node, or several such in a row.
fn pool(at: &Cursor<'_>, out: &mut ErrorList) {
    const NAME_MOST: usize = 253;
    let (name, generation) = (at.at("name"), at.at("generation"));
    if check::required(&name, "", out) {
        if name.str().len() > NAME_MOST {
            out.push(FieldError::too_long(&name.path, NAME_MOST));
        }
        for part in name.str().split('/') {
            let complaints = meta::names::dns_subdomain(part).into_iter();
            out.extend(complaints.map(|complaint| FieldError::invalid(&name.path, part, complaint)));
        }
    }
    if at.at("resourceSliceCount").int() <= 0 {
        let count = at.at("resourceSliceCount");
        out.push(FieldError::invalid(&count.path, count.int(), "must be greater than zero"));
    }
    if generation.int() < 0 {
        check::invalid(&generation, "must be greater than or equal to zero", out);
    }
}

/// Devices are where one node is, or where a selector says, or everywhere.
fn place(spec: &Cursor<'_>, out: &mut ErrorList) {
    const ONE: &str = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    let (name, everywhere) = (spec.at("nodeName"), spec.at("allNodes"));
    match name.value.as_str() {
        Some("") => check::invalid(&name, "must be either unset or set to a non-empty string", out),
        Some(text) => check::text(&name, meta::names::dns_subdomain(text), out),
        None => {}
    }
    if everywhere.value.as_bool() == Some(false) {
        check::invalid(&everywhere, "must be either unset or set to true", out);
    }
    let selector = spec.at("nodeSelector");
    let terms = selector.at("nodeSelectorTerms");
    if !selector.is_null() && terms.items().count() != 1 {
        check::invalid(&terms, "must have exactly one node selector term", out);
    }
    let given =
        [("nodeName", !name.str().is_empty()), ("nodeSelector", !selector.is_null()), ("allNodes", everywhere.bool())];
    let set: Vec<String> = given.iter().filter(|(_, set)| *set).map(|(field, _)| format!("`{field}`")).collect();
    match set.len() {
        0 => out.push(FieldError::required(&spec.path, ONE)),
        1 => {}
        _ => {
            let shown = format!("{{{}}}", set.join(", "));
            out.push(FieldError::invalid(&spec.path, shown, format!("{ONE}, but multiple fields are set")));
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
