//! Where a merge stands in the schema, and how upstream complains when a patch goes where no field is.

use super::PatchError;
use crate::{Node, PatchMerge, Schema, Shape, TypeId, Types};

#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    types: &'s Types,
    id: TypeId,
    /// A patch of this map takes its place instead of merging into it.
    pub replaced: bool,
}

/// A list's place: its items and how they merge, if at all.
pub(super) struct ListPlace<'s> {
    pub item: Place<'s>,
    pub merge: Option<&'s PatchMerge>,
}

impl<'s> Place<'s> {
    pub fn root(schema: &'s Schema) -> Place<'s> {
        Place { types: &schema.types, id: schema.root, replaced: false }
    }

    fn node(self) -> &'s Node {
        self.types.node(self.id)
    }

    pub fn map_field(self, name: &str) -> Result<Place<'s>, PatchError> {
        let Shape::Struct(fields) = &self.node().shape else {
            return Err(self.no_field(name));
        };
        let folded = || fields.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        let field = fields.field(name).or_else(folded).ok_or_else(|| self.no_field(name))?;
        Ok(Place { types: self.types, id: field.node, replaced: field.patch_replace })
    }

    pub fn list_field(self, name: &str) -> Result<ListPlace<'s>, PatchError> {
        let field = self.map_field(name)?;
        let Shape::List { item, patch, .. } = &field.node().shape else {
            return Err(PatchError::Unmergeable("expected slice or array type, but got: struct".into()));
        };
        Ok(ListPlace { item: Place { types: self.types, id: *item, replaced: false }, merge: patch.as_ref() })
    }

    fn no_field(self, name: &str) -> PatchError {
        PatchError::Unmergeable(match self.go_kind() {
            "struct" => {
                format!("unable to find api field in struct {} for the json field {name:?}", self.go_name())
            }
            other => format!("merging an object in json but data type is not struct, instead is: {other}"),
        })
    }

    fn go_name(self) -> &'s str {
        let name = self.node().go.as_deref().or(self.node().name.as_deref()).unwrap_or("");
        name.rsplit('.').next().unwrap_or(name)
    }

    pub fn go_kind(self) -> &'static str {
        match self.node().shape {
            Shape::Bool => "bool",
            Shape::Int32 => "int32",
            Shape::Int64 => "int64",
            Shape::Float => "float64",
            Shape::Str => "string",
            Shape::Map { .. } => "map",
            Shape::List { .. } | Shape::Bytes => "slice",
            _ => "struct",
        }
    }
}

impl ListPlace<'_> {
    pub fn key(&self) -> Option<&str> {
        self.merge.and_then(|merge| merge.key.as_deref())
    }
}
