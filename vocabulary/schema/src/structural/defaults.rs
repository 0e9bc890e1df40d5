//! The defaults of a schema satisfy the schema.

use super::compile;
use super::words::{EMBEDDED, properties, schema_at};
use crate::{Schema, prune};
use meta::{Cursor, ErrorList, FieldError, Path, Value};

pub(super) fn check(schema: &Value, path: &Path, object_meta: &Schema) -> ErrorList {
    let mut errors = ErrorList::default();
    walk(schema, &compile(schema, object_meta), path, &mut errors);
    errors
}

/// `types` are those of `schema`. What stands in metadata is looked at with the object around it, where defaults at
/// the top are forbidden anyway.
fn walk(schema: &Value, types: &Schema, path: &Path, errors: &mut ErrorList) {
    let default = schema.get("default");
    if !default.is_null() {
        check_default(default, types, &path.field("default"), errors);
    }
    if let (Some(items), Some(types)) = (schema_at(schema, "items"), types.item()) {
        walk(items, &types, &path.field("items"), errors);
    }
    for (name, property, path) in properties(schema, path) {
        let object_field = schema.get(EMBEDDED).as_bool() == Some(true) && prune::is_object_field(name);
        if let Some(types) = types.descend(name).filter(|_| !object_field) {
            walk(property, &types, &path, errors);
        }
    }
}

fn check_default(default: &Value, types: &Schema, path: &Path, errors: &mut ErrorList) {
    let mut pruned = default.clone();
    prune::fields(types, &mut pruned);
    if &pruned != default {
        errors.push(FieldError::invalid(path, default.clone(), "must not have unknown fields"));
    }
    errors.extend(types.validate(&Cursor::new(default, path.clone())));
}
