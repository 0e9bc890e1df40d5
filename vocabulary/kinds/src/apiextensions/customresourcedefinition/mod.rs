//! CustomResourceDefinition: a kind that users add.

mod definition_rules;
mod older;

use crate::cells;

use crate::{Context, KindDef, Row, Rules, conditions, fresh, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row =
    Row::new("apiextensions.k8s.io", "CustomResourceDefinition", || Arc::new(CustomResourceDefinition));

struct CustomResourceDefinition;

impl Rules for CustomResourceDefinition {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    fn read_stored(&self, stored: Value) -> Value {
        older::renewed(stored)
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn finalizers_on_delete(&self) -> &[&'static str] {
        &["customresourcecleanup.apiextensions.k8s.io"]
    }

    fn mark_deleted(&self, object: &mut Value, now: Timestamp) {
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        conditions::set(object, "Terminating", "True", "InstanceDeletionPending", message, now);
    }

    fn tells_only_when(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        let kind = object.str("spec.names.kind").to_string();
        if object.str("spec.names.singular").is_empty() && !kind.is_empty() {
            object.set("spec.names.singular", kind.to_lowercase());
        }
        if object.str("spec.names.listKind").is_empty() && !kind.is_empty() {
            object.set("spec.names.listKind", format!("{kind}List"));
        }
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        add_stored_version(object);
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, _old: &Value) {
        if context.subresource.is_empty() {
            add_stored_version(new);
        }
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let at = Cursor::root(new);
        definition_rules::judge(&at, out);
        definition_rules::judge_news(&at, old, out);
        match old {
            None => definition_rules::name(&at, out),
            Some(old) => definition_rules::update(&at, old, out),
        }
    }
}

/// The status lists every version in which objects may have been stored.
fn add_stored_version(definition: &mut Value) {
    let stored = definition.items("spec.versions").iter().find(|version| version.bool("storage"));
    let Some(name) = stored.map(|version| version.get("name").clone()) else { return };
    let mut versions = definition.items("status.storedVersions").to_vec();
    if !versions.contains(&name) {
        versions.push(name);
        definition.set("status.storedVersions", Value::List(versions));
    }
}
