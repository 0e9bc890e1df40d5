//! PersistentVolume: storage that exists.

mod volume_rules;
mod volume_warnings;

use crate::cells;
use crate::{Context, Row, Rules, metadata, volumes};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Time, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "PersistentVolume", || Arc::new(PersistentVolume));

struct PersistentVolume;

impl Rules for PersistentVolume {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let claim = match object.at("spec.claimRef") {
            Value::Null => String::new(),
            claim => format!("{}/{}", claim.str("namespace"), claim.str("name")),
        };
        vec![
            cells::name(object),
            cells::text_or(object, "spec.capacity.storage", "0"),
            volumes::access_modes(object.at("spec.accessModes")),
            object.str("spec.persistentVolumeReclaimPolicy").into(),
            volumes::phase(object),
            claim.into(),
            volumes::class(object).into(),
            cells::text_or(object, "spec.volumeAttributesClassName", "<unset>"),
            object.str("status.reason").into(),
            cells::age(object, now),
            cells::text_or(object, "spec.volumeMode", "<unset>"),
        ]
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        object.set_if_absent("spec.persistentVolumeReclaimPolicy", "Retain");
        object.set_if_absent("spec.volumeMode", "Filesystem");
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        let now = Time(context.now).to_string();
        object.set("status", value!({"phase": "Pending", "lastPhaseTransitionTime": now}));
    }

    /// A change of phase has its moment, whoever forgets to say so.
    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        const MOMENT: &str = "status.lastPhaseTransitionTime";
        if context.subresource != "status" {
            return;
        }
        let same_phase = new.str("status.phase") == old.str("status.phase");
        let given = new.at(MOMENT);
        match same_phase {
            true if given.is_null() => new.set(MOMENT, old.at(MOMENT).clone()),
            false if given.is_null() || given == old.at(MOMENT) => new.set(MOMENT, Time(context.now).to_string()),
            _ => {}
        }
    }

    fn judges_updates_twice(&self) -> bool {
        true
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        volume_rules::capacity(&spec.at("capacity"), out);
        volumes::single_writer(&spec.at("accessModes"), out);
        volume_rules::source(&spec, out);
        volume_rules::attributes_class(&spec, out);
        if let Some(old) = old {
            volume_rules::update(&spec, old.get("spec"), out);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>) -> Vec<String> {
        volume_warnings::told(new)
    }
}
