//! From a custom resource definition's `openAPIV3Schema` to types, and what is wrong with one.

mod build;
mod complete;
mod defaults;
mod field_path;
mod forms;
mod graft;
mod invariants;
pub(crate) mod words;

#[cfg(test)]
mod tests;

pub use build::compile;
pub(crate) use build::rule;
pub use field_path::{check_selectable, resolve as resolve_field};
pub use graft::graft;

use crate::Schema;
use meta::{ErrorList, Path, Value};

/// All that upstream refuses in a schema that stands at `path` of a definition. `object_meta` is the built-in type.
pub fn check(schema: &Value, path: &Path, has_status: bool, object_meta: &Schema) -> ErrorList {
    let mut errors = ErrorList::default();
    forms::check_root(schema, path, has_status, &mut errors);
    let mut structural = invariants::check(schema, path);
    structural.extend(complete::check(schema, path));
    if structural.is_empty() {
        structural = defaults::check(schema, path, object_meta);
    } else {
        structural.0.sort_by_key(ToString::to_string);
    }
    errors.extend(structural);
    forms::check(schema, path, &mut errors);
    if errors.is_empty() {
        errors.extend(crate::rules::check(schema, path));
    }
    errors
}
