//! Every value that logic speaks of is described outside of logic, too.

use super::words::{joined, properties, schema_at};
use meta::{ErrorList, FieldError, Path, Value};

pub(super) fn check(schema: &Value, path: &Path) -> ErrorList {
    let mut errors = ErrorList::default();
    check_junctors(schema, schema, path, path, &mut errors);
    errors
}

/// `nested` speaks at `nested_path` of the values that `schema` describes at `path`.
fn check_junctors(nested: &Value, schema: &Value, path: &Path, nested_path: &Path, errors: &mut ErrorList) {
    if let Some(not) = schema_at(nested, "not") {
        check_nested(not, Some(schema), path, &nested_path.field("not"), errors);
    }
    for junctor in ["allOf", "anyOf", "oneOf"] {
        for (member, nested_path) in joined(nested, junctor, nested_path) {
            check_nested(member, Some(schema), path, &nested_path, errors);
        }
    }
}

fn check_nested(nested: &Value, schema: Option<&Value>, path: &Path, nested_path: &Path, errors: &mut ErrorList) {
    let Some(schema) = schema else {
        errors.push(FieldError::required(path, format!("because it is defined in {nested_path}")));
        return;
    };
    check_junctors(nested, schema, path, nested_path, errors);
    if let Some(items) = schema_at(nested, "items") {
        check_nested(items, schema_at(schema, "items"), &path.field("items"), &nested_path.field("items"), errors);
    }
    for (name, property, nested_path) in properties(nested, nested_path) {
        let described = schema_at(schema.get("properties"), name);
        check_nested(property, described, &path.field("properties").key(name), &nested_path, errors);
    }
}
