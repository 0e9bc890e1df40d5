//! Judges a custom kind's value by the OpenAPI rules of its schema, in upstream's words.

mod embedded;
mod formats;
mod junctors;
mod lists;
mod numbers;
mod outcome;
mod types;
mod walk;

#[cfg(test)]
mod tests;

pub use formats::{is_known as is_known_format, matches_format};

use crate::Schema;
use crate::trail::Trail;
use meta::{Cursor, ErrorList};
use walk::Walk;

impl Schema {
    /// All that is wrong with a value by its schema alone; rules in CEL are judged by [`Schema::judge_rules`].
    pub fn validate(&self, value: &Cursor<'_>) -> ErrorList {
        self.judge(value, None)
    }

    /// As [`Schema::validate`], yet what is wrong inside an unchanged part is forgiven: a schema may have been
    /// tightened since the old value was stored.
    pub fn validate_update(&self, new: &Cursor<'_>, old: &Cursor<'_>) -> ErrorList {
        self.judge(new, Some(old.value))
    }

    fn judge(&self, value: &Cursor<'_>, old: Option<&meta::Value>) -> ErrorList {
        let outcome = Walk { types: &self.types }.ratcheted(self.root, value.value, old, &Trail::Root);
        let mut errors = ErrorList(outcome.errors);
        lists::check(&self.types, self.root, value.value, &Trail::Root, &mut errors);
        if !value.path.is_root() {
            let prefix = value.path.to_string();
            errors.0.iter_mut().for_each(|error| error.field = below(&prefix, &error.field));
        }
        errors
    }
}

/// The field as seen from above the value. The texts of the errors keep the value's own paths, as upstream's do.
fn below(prefix: &str, field: &str) -> String {
    match field {
        outcome::NOWHERE => prefix.to_string(),
        field if field.starts_with('[') => format!("{prefix}{field}"),
        field => format!("{prefix}.{field}"),
    }
}
