//! What a schema says of a value.

use crate::trail::Trail;
use meta::{CompactString, FieldError, Problem, Value};

/// How upstream prints the path of what has none.
pub(super) const NOWHERE: &str = "<nil>";

#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub errors: Vec<FieldError>,
    /// How much of the schema looked at the value: of several failed alternatives the one with most is shown.
    pub matches: usize,
}

impl Outcome {
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Adds an error unless the same was told before.
    pub fn add(&mut self, error: FieldError) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    pub fn merge(&mut self, other: Outcome) {
        self.matches += other.matches;
        other.errors.into_iter().for_each(|error| self.add(error));
    }

    /// An error whose text says where: `spec.x in body ...`.
    pub fn wrong(&mut self, trail: &Trail<'_>, value: impl Into<Value>, why: impl AsRef<str>) {
        self.add(wrong(Problem::Invalid, trail, value, why.as_ref()));
    }

    pub fn wrong_type(&mut self, trail: &Trail<'_>, wanted: &str, given: impl Into<CompactString>) {
        let given = given.into();
        let why = format!("must be of type {wanted}: {}", meta::quote(&given));
        self.add(wrong(Problem::TypeInvalid, trail, Value::Str(given), &why));
    }

    /// An error that upstream attaches to no field.
    pub fn nowhere(&mut self, detail: String) {
        let field = NOWHERE.to_string();
        self.add(FieldError { problem: Problem::Invalid, field, value: Some(Value::from("")), detail });
    }

    pub fn plain(&mut self, problem: Problem, trail: &Trail<'_>, value: Option<Value>, detail: String) {
        self.add(FieldError { problem, field: name(trail), value, detail });
    }
}

fn wrong(problem: Problem, trail: &Trail<'_>, value: impl Into<Value>, why: &str) -> FieldError {
    FieldError { problem, field: name(trail), value: Some(value.into()), detail: format!("{trail} in body {why}") }
}

/// The root has no path upstream.
fn name(trail: &Trail<'_>) -> String {
    if trail.is_root() { NOWHERE.to_string() } else { trail.to_string() }
}
