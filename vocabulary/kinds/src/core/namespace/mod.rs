//! Namespace: a scope for names.

use crate::cells;
use crate::{Context, KindDef, Row, Rules, metadata};
use jiff::Timestamp;
use meta::{ErrorList, FieldError, Path, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Namespace", || Arc::new(Namespace));

struct Namespace;

impl Rules for Namespace {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" | "finalize" => &["status"],
            "status" => &["spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("status.phase").into(), cells::age(object, now)]
    }

    fn selectable(&self) -> &[&'static str] {
        &["status.phase"]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_label(name)
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        let name = object.at("metadata.name").clone();
        if !name.is_empty() {
            *object.entry("metadata").entry("labels").entry(NAME_LABEL) = name;
        }
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        object.set("status", value!({"phase": "Active"}));
        let mut finalizers = object.items("spec.finalizers").to_vec();
        if !finalizers.iter().any(|finalizer| finalizer.as_str() == Some(FINALIZER)) {
            finalizers.push(FINALIZER.into());
        }
        object.set("spec.finalizers", finalizers);
        self.default(object);
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        match context.subresource {
            "finalize" => new.set("status", old.get("status").clone()),
            _ => new.set("spec.finalizers", old.at("spec.finalizers").clone()),
        }
    }

    fn is_held(&self, object: &Value) -> bool {
        !object.items("spec.finalizers").is_empty()
    }

    fn mark_deleted(&self, object: &mut Value, _now: Timestamp) {
        object.set("status.phase", "Terminating");
    }

    fn tells_only_when(&self) -> bool {
        true
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let phase = new.at("status.phase");
        let at = Path::new("status").field("Phase");
        let deleted = !new.at("metadata.deletionTimestamp").is_null();
        if context.subresource != "status" || old.is_none() {
            return;
        }
        match (deleted, phase.as_str()) {
            (false, Some("Active")) | (true, Some("Terminating")) => {}
            (false, _) => out.push(FieldError::invalid(
                &at,
                phase.clone(),
                "may only be 'Active' if `deletionTimestamp` is empty",
            )),
            (true, _) => {
                let why = "may only be 'Terminating' if `deletionTimestamp` is not empty";
                out.push(FieldError::invalid(&at, phase.clone(), why));
            }
        }
    }
}

const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const FINALIZER: &str = "kubernetes";
