//! PersistentVolumeClaim: storage that is asked for.

pub(crate) mod claim_rules;

use crate::cells;
use crate::{Context, Row, Rules, check, metadata, volumes};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "PersistentVolumeClaim", || Arc::new(PersistentVolumeClaim));

struct PersistentVolumeClaim;

impl Rules for PersistentVolumeClaim {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let bound = !object.str("spec.volumeName").is_empty();
        let capacity = if bound { cells::text_or(object, "status.capacity.storage", "0") } else { "".into() };
        let modes = if bound { volumes::access_modes(object.at("status.accessModes")) } else { "".into() };
        vec![
            cells::name(object),
            volumes::phase(object),
            object.str("spec.volumeName").into(),
            capacity,
            modes,
            volumes::class(object).into(),
            cells::text_or(object, "spec.volumeAttributesClassName", "<unset>"),
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

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        object.set("status", value!({"phase": "Pending"}));
        data_sources(object, None);
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        if context.subresource.is_empty() {
            data_sources(new, Some(old));
        }
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        claim_rules::check(&spec, old, out);
        if let Some(old) = old {
            claim_rules::update(new, old, out);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>) -> Vec<String> {
        claim_rules::warnings(new)
    }
}

/// `dataSource` and `dataSourceRef` say the same unless both are given. The older one may name few kinds; a claim that
/// names another through it loses it silently, as it always did.
fn data_sources(claim: &mut Value, old: Option<&Value>) {
    let in_use = old.is_some_and(|old| check::any_present(old.get("spec"), &["dataSource", "dataSourceRef"]));
    let older = claim.at("spec.dataSource");
    let known = (older.str("kind") == "PersistentVolumeClaim" && older.str("apiGroup").is_empty())
        || (older.str("kind") == "VolumeSnapshot" && older.str("apiGroup") == "snapshot.storage.k8s.io");
    if !in_use && !older.is_null() && !known && claim.at("spec.dataSourceRef").is_null() {
        claim.remove("spec.dataSource");
    }
    let (older, newer) = (claim.at("spec.dataSource").clone(), claim.at("spec.dataSourceRef").clone());
    match (older, newer) {
        (Value::Map(older), Value::Null) => claim.set("spec.dataSourceRef", older),
        (Value::Null, Value::Map(newer)) if newer.get("namespace").is_none_or(Value::is_empty) => {
            let mut copy = newer;
            copy.remove("namespace");
            claim.set("spec.dataSource", copy);
        }
        _ => {}
    }
}
