//! What an update of a status may change of the metadata: upstream lets most kinds change nearly all.

use meta::Value;

pub const ALL: &[&str] = &["annotations", "finalizers", "labels", "ownerReferences"];
pub const ALL_BUT_LABELS: &[&str] = &["annotations", "finalizers", "ownerReferences"];
pub const ALL_BUT_OWNERS: &[&str] = &["annotations", "finalizers", "labels"];

/// Takes these fields from the metadata that was given.
pub fn carry(new: &mut Value, given: &Value, fields: &[&str]) {
    let metadata = new.entry("metadata");
    for field in fields {
        match given.get(field) {
            Value::Null => _ = metadata.remove(field),
            value => metadata.set(field, value.clone()),
        }
    }
}
