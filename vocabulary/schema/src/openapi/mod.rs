//! Types to the schema objects of OpenAPI documents, one named type at a time.
//!
//! A document is its caller's: it begins with some types, and [`Schema::openapi`] tells of every other named type that
//! one refers to.

mod places;
mod rules;
mod types;

#[cfg(test)]
mod tests;

use crate::{Schema, TypeId, Types};
use meta::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Swagger 2.0, which knows no defaults, no nulls and no logic.
    V2,
    V3,
}

impl Dialect {
    /// Where a document keeps the schemas that are referred to.
    pub fn reference(self, name: &str) -> String {
        match self {
            Dialect::V2 => format!("#/definitions/{name}"),
            Dialect::V3 => format!("#/components/schemas/{name}"),
        }
    }
}

impl Schema {
    /// The schema object of this very type. `refers` hears the name and id of each named type in it, perhaps twice.
    pub fn openapi(&self, dialect: Dialect, refers: &mut dyn FnMut(&str, TypeId)) -> Value {
        Writer { types: &self.types, dialect, refers }.definition(self.root)
    }
}

struct Writer<'a> {
    types: &'a Types,
    dialect: Dialect,
    refers: &'a mut dyn FnMut(&str, TypeId),
}
