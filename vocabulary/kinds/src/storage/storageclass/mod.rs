//! StorageClass: a sort of storage.

use crate::cells;
use crate::storage::class_rules;
use crate::{Context, Row, Rules, check, volumes};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "StorageClass", || Arc::new(StorageClass));

struct StorageClass;

impl Rules for StorageClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let default = volumes::is_default_class(object);
        let name = format!("{}{}", object.str("metadata.name"), if default { " (default)" } else { "" });
        vec![
            name.into(),
            object.str("provisioner").into(),
            cells::text_or(object, "reclaimPolicy", "Delete"),
            cells::text_or(object, "volumeBindingMode", "Immediate"),
            object.bool("allowVolumeExpansion").into(),
            cells::age(object, now),
        ]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        class_rules::driver(&at.at("provisioner"), out);
        class_rules::parameters(&at.at("parameters"), out);
        if !at.at("reclaimPolicy").str().is_empty() {
            check::one_of(&at.at("reclaimPolicy"), &["Delete", "Retain"], out);
        }
        topologies(&at.at("allowedTopologies"), out);
        if let Some(old) = old {
            class_rules::kept(&at, old, &["parameters", "provisioner", "reclaimPolicy"], out);
            check::immutable(&at.at("volumeBindingMode"), &Cursor::root(old).at("volumeBindingMode"), out);
        }
    }
}

/// Each term says something new, and each of its keys and values once.
fn topologies(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen: Vec<BTreeMap<&str, BTreeSet<&str>>> = Vec::new();
    for term in at.items() {
        let expressions = term.at("matchLabelExpressions");
        let mut keys = BTreeMap::new();
        for requirement in expressions.items() {
            let values = distinct_values(&requirement.at("values"), out);
            let key = requirement.at("key");
            let complaints = meta::names::qualified_name(key.str()).into_iter();
            out.extend(complaints.map(|complaint| FieldError::invalid(&key.path, key.str(), complaint)));
            if keys.insert(key.str(), values).is_some() {
                out.push(FieldError::duplicate(&key.path, key.str()));
            }
        }
        if seen.contains(&keys) {
            out.push(FieldError::duplicate(&expressions.path, ""));
        }
        seen.push(keys);
    }
}

fn distinct_values<'v>(at: &Cursor<'v>, out: &mut ErrorList) -> BTreeSet<&'v str> {
    let mut values = BTreeSet::new();
    check::required_items(at, out);
    for value in at.items() {
        if !values.insert(value.value.as_str().unwrap_or("")) {
            out.push(FieldError::duplicate(&value.path, value.value.clone()));
        }
    }
    values
}
