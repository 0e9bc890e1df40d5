//! The walk: one pass over the text, led by the schema.

use super::context::{Context, Place};
use super::scalar::{Given, Refusal, convert};
use super::{Slots, zero};
use crate::{SchemaOr, Shape, StructType, TypeId};
use meta::{CompactString, Map, Value};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// Deeper than any schema that is not recursive, and shallow enough for a thread's stack.
const MAX_DEPTH: usize = 256;

#[derive(Clone, Copy)]
pub(super) struct Seed<'a> {
    pub context: &'a Context<'a>,
    pub id: TypeId,
    pub place: &'a Place<'a>,
    pub depth: usize,
}

impl<'a> Seed<'a> {
    fn shape(&self) -> &'a Shape {
        &self.context.types.node(self.id).shape
    }

    fn below<'b>(&self, id: TypeId, place: &'b Place<'b>) -> Seed<'b>
    where
        'a: 'b,
    {
        Seed { context: self.context, id, place, depth: self.depth + 1 }
    }

    fn scalar<E: Error>(&self, given: Given<'_>) -> Result<Value, E> {
        convert(self.shape(), given).or_else(|refusal| self.refuse(refusal))
    }

    /// A refused value counts as absent, for the refusal is answered in the end.
    fn refuse<E: Error>(&self, refusal: Refusal) -> Result<Value, E> {
        match self.context.refuse(refusal, self.id, self.place) {
            true => Err(E::custom("refused")),
            false => Ok(Value::Null),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom("exceeded max depth"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        self.scalar(Given::Bool(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        self.scalar(Given::Int(v))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        self.scalar(i64::try_from(v).map_or(Given::Float(v as f64), Given::Int))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        self.scalar(Given::Float(v))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        self.scalar(Given::Str(v))
    }

    fn visit_bytes<E: Error>(self, v: &[u8]) -> Result<Value, E> {
        self.scalar(Given::Str(&String::from_utf8_lossy(v)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        match self.shape() {
            Shape::List { item, .. } => self.read_list(*item, list),
            Shape::SchemaOr(SchemaOr::List, schema) => self.read_list(*schema, list),
            Shape::SchemaOr(SchemaOr::Strings, _) | Shape::Any => untyped(SeqAccessDeserializer::new(list)),
            shape => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                convert(shape, Given::List).or_else(|refusal| self.refuse(refusal))
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        match self.shape() {
            Shape::Struct(fields) => self.read_struct(fields, map),
            Shape::Map { value, .. } => self.read_map(*value, map),
            Shape::SchemaOr(_, schema) => Seed { id: *schema, ..self }.visit_map(map),
            Shape::Any => untyped(MapAccessDeserializer::new(map)),
            shape => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                convert(shape, Given::Map).or_else(|refusal| self.refuse(refusal))
            }
        }
    }
}

fn untyped<'de, D: Deserializer<'de>>(reader: D) -> Result<Value, D::Error> {
    meta::seed(&RefCell::default()).deserialize(reader)
}

impl Seed<'_> {
    fn read_list<'de, A: SeqAccess<'de>>(self, item: TypeId, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let place = Place::Index(self.place, items.len());
            match list.next_element_seed(self.below(item, &place))? {
                Some(Value::Null) => items.push(zero(self.context.types, item)),
                Some(value) => items.push(value),
                None => return Ok(Value::List(items)),
            }
        }
    }

    fn read_map<'de, A: MapAccess<'de>>(self, value: TypeId, mut map: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(CompactString, Value)> = Vec::new();
        while let Some(key) = map.next_key::<CompactString>()? {
            let entry = map.next_value_seed(self.below(value, &Place::Key(self.place, &key)))?;
            let entry = if entry.is_null() { self.entry_zero(value) } else { entry };
            entries.push((key, entry));
        }
        Ok(Value::Map(Map::from_fields(entries, |key| self.context.repeated(self.place, key))))
    }

    /// Of a map: protobuf gives bytes back where there were none.
    fn entry_zero(&self, id: TypeId) -> Value {
        match self.context.types.node(id).shape {
            Shape::Bytes => Value::from(""),
            _ => zero(self.context.types, id),
        }
    }

    fn read_struct<'de, A: MapAccess<'de>>(self, fields: &StructType, mut map: A) -> Result<Value, A::Error> {
        let mut seen = Seen::default();
        let mut slots = Slots::new(fields);
        while let Some(name) = map.next_key_seed(NameSeed(fields))? {
            let index = match name {
                Name::Known(index) => index,
                Name::Unknown(name) => {
                    self.context.unknown(self.place, &name);
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let field = &fields.fields[index];
            if seen.again(index) {
                self.context.repeated(self.place, &field.name);
            }
            let place = Place::Field { up: self.place, holder: self.id, field };
            *slots.at(index) = map.next_value_seed(self.below(field.node, &place))?;
        }
        Ok(Value::Map(slots.finish(self.context.types)))
    }
}

/// Which fields of a struct have come.
#[derive(Default)]
struct Seen {
    low: u128,
    high: Vec<usize>,
}

impl Seen {
    fn again(&mut self, index: usize) -> bool {
        if index < 128 {
            let bit = 1u128 << index;
            let again = self.low & bit != 0;
            self.low |= bit;
            return again;
        }
        let again = self.high.contains(&index);
        self.high.push(index);
        again
    }
}

enum Name {
    Known(usize),
    Unknown(String),
}

/// A field's name, found in the struct without a copy of its text.
struct NameSeed<'a>(&'a StructType);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Name, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(self.0.index_of(name).map_or_else(|| Name::Unknown(name.to_string()), Name::Known))
    }
}
