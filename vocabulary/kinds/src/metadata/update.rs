//! What an update may do to metadata.

use super::{annotations, labels, managed_fields, owners, standard_finalizers};
use crate::{KindDef, check};
use meta::{Cursor, ErrorList, FieldError, Value};

const KEPT: [&str; 6] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// Judges the metadata of an object that is updated.
pub fn validate_update(def: &KindDef, new: &Value, old: &Value) -> ErrorList {
    let (new, old) = (Cursor::root(new).at("metadata"), Cursor::root(old).at("metadata"));
    let (mut out, contents) = (ErrorList::default(), contents(&new));
    // Upstream's generic code and then the kind's own judge it as changed metadata and as that of a new object.
    for _ in 0..2 {
        change(&new, &old, &mut out);
        out.extend(contents.clone());
        super::finalizers(&new.at("finalizers"), &mut out);
        out.extend(contents.clone());
    }
    standard_finalizers(def, &new.at("finalizers"), &mut out);
    out
}

fn change(new: &Cursor<'_>, old: &Cursor<'_>, out: &mut ErrorList) {
    if !old.at("deletionTimestamp").is_null() {
        no_new_finalizers(&new.at("finalizers"), &old.at("finalizers"), out);
    }
    if new.at("generation").int() < old.at("generation").int() {
        check::invalid(&new.at("generation"), "must not be decremented", out);
    }
    for field in KEPT {
        check::immutable(&new.at(field), &old.at(field), out);
    }
}

fn contents(at: &Cursor<'_>) -> ErrorList {
    let mut out = ErrorList::default();
    labels(&at.at("labels"), &mut out);
    annotations(&at.at("annotations"), &mut out);
    owners::validate(&at.at("ownerReferences"), &mut out);
    managed_fields(&at.at("managedFields"), &mut out);
    out
}

fn no_new_finalizers(new: &Cursor<'_>, old: &Cursor<'_>, out: &mut ErrorList) {
    let known: Vec<&str> = old.items().map(|finalizer| finalizer.value.as_str().unwrap_or("")).collect();
    let mut added: Vec<&str> = new.items().map(|finalizer| finalizer.value.as_str().unwrap_or("")).collect();
    added.retain(|finalizer| !known.contains(finalizer));
    added.sort_unstable();
    added.dedup();
    if !added.is_empty() {
        let quoted: Vec<String> = added.iter().map(|finalizer| format!("{finalizer:?}")).collect();
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            quoted.join(", ")
        );
        out.push(FieldError::forbidden(&new.path, why));
    }
}
