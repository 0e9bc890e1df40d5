//! JSON text to [`Value`] and back. Decoding is bounded in depth and notes every field that comes twice.

use crate::{Map, Path, Value};
use compact_str::CompactString;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::cell::RefCell;
use std::fmt;

/// Deeper nesting is refused: deep enough for every schema seen in the wild, shallow enough for a thread's stack.
const MAX_DEPTH: usize = 256;

/// Why a text is no value: the text of the parser, which names line and column.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonError(pub String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

/// A value with the paths of the fields that stood twice in its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    pub value: Value,
    pub duplicates: Vec<String>,
}

/// JSON to a value; of a field that comes twice the last one counts.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    parse_strict(text).map(|decoded| decoded.value)
}

pub fn parse_strict(text: &[u8]) -> Result<Decoded, JsonError> {
    let duplicates = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit(); // ours below counts the same depth and reports it in our own words
    let value = seed(&duplicates).deserialize(&mut reader).map_err(|e| JsonError(e.to_string()))?;
    reader.end().map_err(|e| JsonError(e.to_string()))?;
    Ok(Decoded { value, duplicates: duplicates.into_inner() })
}

/// Decodes a value from any self-describing format, such as YAML, with the same bounds.
pub fn seed(duplicates: &RefCell<Vec<String>>) -> impl for<'de> DeserializeSeed<'de, Value = Value> {
    Seed { duplicates, place: Place::Root, depth: 0 }
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> Path {
        match self {
            Place::Root => Path::root(),
            Place::Field(parent, name) => parent.path().field(name),
            Place::Index(parent, index) => parent.path().index(*index),
        }
    }
}

struct Seed<'a> {
    duplicates: &'a RefCell<Vec<String>>,
    place: Place<'a>,
    depth: usize,
}

impl<'a> Seed<'a> {
    fn below<E: serde::de::Error>(&self, place: Place<'a>) -> Result<Seed<'a>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("exceeded max depth"));
        }
        Ok(Seed { duplicates: self.duplicates, place, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
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

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Str(v.into()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::Str(v.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) =
            items.next_element_seed(self.below::<A::Error>(Place::Index(&self.place, list.len()))?)?
        {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(CompactString, Value)> = Vec::new();
        while let Some(name) = entries.next_key::<CompactString>()? {
            let value = entries.next_value_seed(self.below::<A::Error>(Place::Field(&self.place, &name))?)?;
            fields.push((name, value));
        }
        let note = |name: &str| self.duplicates.borrow_mut().push(self.place.path().field(name).to_string());
        Ok(Value::Map(Map::from_fields(fields, note)))
    }

    fn visit_bytes<E: serde::de::Error>(self, v: &[u8]) -> Result<Value, E> {
        let text = std::str::from_utf8(v).map_err(|_| E::custom("invalid UTF-8 in string"))?;
        Ok(Value::Str(text.into()))
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Value, D::Error> {
        let ignored = RefCell::new(Vec::new());
        Seed { duplicates: &ignored, place: Place::Root, depth: 0 }.deserialize(reader)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Bool(v) => to.serialize_bool(*v),
            Value::Int(v) => to.serialize_i64(*v),
            // As Go writes it: a whole number has no fraction.
            Value::Float(v) if v.fract() == 0.0 && v.abs() < 1e15 => to.serialize_i64(*v as i64),
            Value::Float(v) => to.serialize_f64(*v),
            Value::Str(v) => to.serialize_str(v),
            Value::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Value::Map(fields) => fields.serialize(to),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.len()))?;
        self.iter().try_for_each(|(name, value)| map.serialize_entry(name.as_str(), value))?;
        map.end()
    }
}

impl Value {
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.write_json(&mut out);
        out
    }

    pub fn write_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("a value is always JSON and memory takes every byte");
    }

    /// This value as any type that reads JSON.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_slice(&self.to_json()).map_err(|e| JsonError(e.to_string()))
    }

    /// Any type that writes JSON as a value.
    pub fn encode<T: Serialize>(from: &T) -> Result<Value, JsonError> {
        let text = serde_json::to_vec(from).map_err(|e| JsonError(e.to_string()))?;
        parse(&text)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_json()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn every_duplicate_is_named_and_the_last_counts() {
        let decoded = parse_strict(br#"{"b":1,"a":{"x":1,"x":2,"x":3},"l":[{"y":1,"y":2}],"b":4}"#).unwrap();
        assert_eq!(decoded.value, value!({"a": {"x": 3i64}, "b": 4i64, "l": [{"y": 2i64}]}));
        assert_eq!(decoded.duplicates, ["a.x", "a.x", "l[0].y", "b"]);
    }

    #[test]
    fn numbers_keep_their_kind() {
        for (text, value) in [
            ("1", Value::Int(1)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("9223372036854775808", Value::Float(9223372036854775808.0)),
            ("1.5", Value::Float(1.5)),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), value, "{text}");
        }
        assert_eq!(Value::Float(2.0).to_json(), b"2");
    }

    #[test]
    fn a_bomb_of_brackets_is_refused() {
        let bomb = "[".repeat(100_000);
        assert!(parse(bomb.as_bytes()).unwrap_err().0.contains("exceeded max depth"));
    }
}
