//! A value to decode once more: what was patched, converted or read from YAML.

use meta::Value;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

pub(super) struct Source(pub Value);

impl<'de> Deserializer<'de> for Source {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(v) => visitor.visit_bool(v),
            Value::Int(v) => visitor.visit_i64(v),
            Value::Float(v) => visitor.visit_f64(v),
            Value::Str(v) => visitor.visit_str(&v),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Source))),
            Value::Map(map) => {
                let entries = map.into_iter().map(|(name, value)| (Source(Value::Str(name)), Source(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_> for Source {
    type Deserializer = Source;
    fn into_deserializer(self) -> Source {
        self
    }
}
