//! PersistentVolumeClaim: storage that is asked for.

use crate::cells;
use crate::{Context, Row, Rules, check, metadata, volumes};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Quantity, Value, value};
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
        let spec = Cursor::root(new).at("spec");
        let asked = spec.at("resources.requests.storage");
        if context.subresource.is_empty() && asked.is_null() {
            out.push(FieldError::required(&Cursor::root(new).at("spec.resources").path.key("storage"), ""));
        } else if Quantity::parse(asked.str()).is_ok_and(|size| size.is_zero() || size.is_negative()) {
            check::invalid(
                &Cursor::new(asked.value, spec.at("resources").path.key("storage")),
                "must be greater than zero",
                out,
            );
        }
        if let (Some(old), "") = (old, context.subresource) {
            claim_update(&spec, old, out);
        }
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

/// A bound claim may ask for more, and for other attributes; nothing else.
fn claim_update(spec: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let settled = |spec: &Value| {
        let mut rest = spec.clone();
        ["resources", "volumeAttributesClassName"].iter().for_each(|field| _ = rest.remove(field));
        rest
    };
    let mut kept = settled(spec.value);
    if old.str("spec.volumeName").is_empty() {
        kept.remove("volumeName");
    }
    if kept != settled(old.get("spec")) {
        let why =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        check::forbidden(&spec.path, why, out);
    }
    let (size, before) = (spec.at("resources.requests.storage"), old.at("spec.resources.requests.storage"));
    let parsed = |value: &Value| Quantity::parse(value.as_str().unwrap_or("")).ok();
    if let (Some(size_now), Some(size_then)) = (parsed(size.value), parsed(before))
        && size_now < size_then
    {
        let path = spec.at("resources.requests").path.field("storage");
        out.push(FieldError::forbidden(&path, "field can not be less than status.capacity"));
    }
}
