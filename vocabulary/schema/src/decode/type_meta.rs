//! The type that a body claims to be, read before anything else.

use super::{DecodeError, Format, syntax};
use crate::yaml;
use meta::{CompactString, GroupVersion, Value};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

const PARSE: &str = "couldn't get version/kind; json parse error:";
/// The type that Go names when the body is no object.
const STRUCT: &str =
    r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypeMeta {
    pub api_version: CompactString,
    pub kind: CompactString,
}

impl TypeMeta {
    pub fn refusal(&self, wanted: &str, why: &str) -> String {
        let version = self.api_version.rsplit('/').next().unwrap_or("");
        format!("{} in version {version:?} cannot be handled as a {wanted}: {why}", self.kind)
    }
}

/// Reads `apiVersion` and `kind`; the whole text must be well-formed.
pub fn type_meta(body: &[u8], format: Format) -> Result<TypeMeta, DecodeError> {
    if format == Format::Yaml {
        return check(&yaml::parse(body).map_err(|error| DecodeError::Unreadable(error.0))?.value);
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = (&mut reader).deserialize_any(TypeVisitor).and_then(|found| reader.end().map(|()| found));
    finish(read.map_err(|error| syntax::unreadable(body, &error.to_string()))?)
}

pub(super) fn check(value: &Value) -> Result<TypeMeta, DecodeError> {
    let field = |name| match value.get(name) {
        Value::Null => Ok(CompactString::default()),
        Value::Str(text) => Ok(text.clone()),
        other => Err(other.type_name()),
    };
    match value {
        Value::Map(_) => finish(Found { whole: None, api_version: field("apiVersion"), kind: field("kind") }),
        other => finish(Found { whole: Some(other.type_name()), ..Found::default() }),
    }
}

struct Found {
    /// The word for a body that is no object.
    whole: Option<&'static str>,
    api_version: Result<CompactString, &'static str>,
    kind: Result<CompactString, &'static str>,
}

impl Default for Found {
    fn default() -> Found {
        Found { whole: None, api_version: Ok(CompactString::default()), kind: Ok(CompactString::default()) }
    }
}

fn finish(found: Found) -> Result<TypeMeta, DecodeError> {
    let refused = |text: String| DecodeError::Unreadable(text);
    match found.whole {
        None | Some("null") => {}
        Some(given) => {
            return Err(refused(format!("{PARSE} json: cannot unmarshal {given} into Go value of type {STRUCT}")));
        }
    }
    let string = |field: &str, value: Result<CompactString, &'static str>| {
        value.map_err(|given| {
            refused(format!("{PARSE} json: cannot unmarshal {given} into Go struct field .{field} of type string"))
        })
    };
    let (api_version, kind) = (string("apiVersion", found.api_version)?, string("kind", found.kind)?);
    match GroupVersion::parse(&api_version) {
        None if !api_version.is_empty() => Err(refused(format!("unexpected GroupVersion string: {api_version}"))),
        _ => Ok(TypeMeta { api_version, kind }),
    }
}

/// Takes the two fields out of an object and the word for anything else.
struct TypeVisitor;

impl<'de> Visitor<'de> for TypeVisitor {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(whole("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(whole("bool"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(whole("number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(whole("number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(whole("number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(whole("string"))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(whole("array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(name) = map.next_key::<CompactString>()? {
            match name.as_str() {
                "apiVersion" => found.api_version = string(map.next_value()?),
                "kind" => found.kind = string(map.next_value()?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }
}

fn whole(word: &'static str) -> Found {
    Found { whole: Some(word), ..Found::default() }
}

fn string(value: Value) -> Result<CompactString, &'static str> {
    match value {
        Value::Str(text) => Ok(text),
        Value::Null => Ok(CompactString::default()),
        other => Err(other.type_name()),
    }
}
