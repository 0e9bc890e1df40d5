//! A custom kind's object: pruned by its schema; its metadata and that of embedded objects held to Go's types.

use super::source::Source;
use super::{DecodeError, Decoded};
use crate::prune::is_object_field;
use crate::types::OBJECT_META;
use crate::{Extra, Schema, Shape, TypeId, Types};
use meta::{FieldError, Map, Path, Value};

pub(super) fn decode(schema: &Schema, mut value: Value, mut strict: Vec<String>) -> Result<Decoded, DecodeError> {
    let Some(metadata) = schema.types.named(OBJECT_META).map(|id| schema.at(id)) else {
        let unknown = schema.prune(&mut value);
        strict.extend(unknown.iter().map(|path| unknown_field(path)));
        return Ok(Decoded { value, strict });
    };
    let mut coercer = Coercer { types: &schema.types, metadata: &metadata, unknown: Vec::new() };
    if let Value::Map(object) = &mut value {
        coercer.metadata(object, &Path::root())?;
    }
    strict.extend(coercer.unknown.drain(..).map(|path| unknown_field(&path)));
    strict.extend(schema.prune(&mut value).iter().map(|path| unknown_field(path)));
    coercer.below(schema.root, &mut value, &Path::root()).map_err(|error| DecodeError::Mismatch(error.to_string()))?;
    coercer.unknown.sort();
    strict.extend(coercer.unknown.iter().map(|path| unknown_field(path)));
    Ok(Decoded { value, strict })
}

fn unknown_field(path: &str) -> String {
    format!("unknown field \"{path}\"")
}

struct Coercer<'t> {
    types: &'t Types,
    metadata: &'t Schema,
    unknown: Vec<String>,
}

impl Coercer<'_> {
    /// Makes an object's metadata what Go would write of it.
    fn metadata(&mut self, object: &mut Map, path: &Path) -> Result<(), DecodeError> {
        let Some(slot) = object.get_mut("metadata") else { return Ok(()) };
        let read = self.metadata.decode_typed(Source(std::mem::take(slot)))?;
        let path = path.field("metadata");
        self.unknown.extend(read.strict.iter().filter_map(|text| Some(format!("{path}.{}", quoted(text)?))));
        *slot = read.value;
        Ok(())
    }

    /// The objects embedded in a value.
    fn below(&mut self, id: TypeId, value: &mut Value, path: &Path) -> Result<(), FieldError> {
        match (value, &self.types.node(id).shape) {
            (Value::Map(map), Shape::Struct(fields)) => {
                if fields.embedded_resource && !path.is_root() {
                    self.embedded(map, path)?;
                }
                for (name, value) in map.iter_mut().filter(|(name, _)| !is_object_field(name)) {
                    match (fields.field(name), &fields.extra) {
                        (Some(field), _) => self.below(field.node, value, &path.field(name))?,
                        (None, Extra::Typed(id)) => self.below(*id, value, &path.key(name))?,
                        _ => {}
                    }
                }
                Ok(())
            }
            (Value::Map(map), Shape::Map { value, .. }) => {
                map.iter_mut().try_for_each(|(name, entry)| self.below(*value, entry, &path.key(name)))
            }
            (Value::List(items), Shape::List { item, .. }) => {
                let mut items = items.iter_mut().enumerate();
                items.try_for_each(|(index, value)| self.below(*item, value, &path.index(index)))
            }
            _ => Ok(()),
        }
    }

    fn embedded(&mut self, object: &mut Map, path: &Path) -> Result<(), FieldError> {
        for name in ["apiVersion", "kind"] {
            if let Some(value) = object.get(name).filter(|value| value.as_str().is_none()) {
                return Err(FieldError::invalid(&path.field(name), value.clone(), "must be a string"));
            }
        }
        let given = object.get("metadata").cloned().unwrap_or_default();
        self.metadata(object, path)
            .map_err(|error| FieldError::invalid(&path.field("metadata"), given, error.to_string()))
    }
}

/// The path inside `unknown field "path"`.
fn quoted(strict: &str) -> Option<&str> {
    strict.split_once('"')?.1.strip_suffix('"')
}
