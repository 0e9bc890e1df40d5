//! A request's body to a value of a schema, as Go decodes it into a struct and writes it again: what does not fit is
//! refused in Go's words, unknown and repeated fields are named, empty fields go, and quantities, times and bytes
//! stand in their one canonical form.
//!
//! A custom kind's value is taken as it is, pruned, and only its metadata goes through Go's types.

mod context;
mod custom;
mod restore;
mod scalar;
mod seed;
mod slots;
mod source;
mod syntax;
mod type_meta;
mod zero;

#[cfg(test)]
mod tests;

pub(crate) use slots::Slots;
pub use type_meta::{TypeMeta, type_meta};
pub(crate) use zero::zero;

use crate::{Schema, yaml};
use context::{Context, Place};
use meta::Value;
use seed::Seed;
use serde::de::{DeserializeSeed, Deserializer};
use source::Source;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Yaml,
}

/// A decoded object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    pub value: Value,
    /// What strict validation refuses, each as upstream says it: `unknown field "spec.foo"`.
    pub strict: Vec<String>,
}

/// Why a body is no object of the schema. The texts are upstream's.
#[derive(Clone, Debug, PartialEq)]
pub enum DecodeError {
    /// No JSON or YAML, or none that tells its type.
    Unreadable(String),
    /// A value does not fit its field.
    Mismatch(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (DecodeError::Unreadable(text) | DecodeError::Mismatch(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    /// The message of the 400 that answers `body`, in which `wanted` was expected and the type `given` was read.
    pub fn answer(&self, given: &TypeMeta, wanted: &str, body: &[u8]) -> String {
        match self {
            DecodeError::Unreadable(text) => {
                format!("the object provided is unrecognized (must be of type {wanted}): {text} ({})", summary(body))
            }
            DecodeError::Mismatch(text) => given.refusal(wanted, text),
        }
    }
}

impl Decoded {
    /// The message of the 400 that strict validation answers; none when nothing is wrong.
    pub fn strict_answer(&self, given: &TypeMeta, wanted: &str) -> Option<String> {
        let all = (!self.strict.is_empty()).then(|| self.strict.join(", "))?;
        Some(given.refusal(wanted, &format!("strict decoding error: {all}")))
    }
}

/// The beginning of a body that could not be read: as it is where it looks like JSON, else in hexadecimal.
fn summary(body: &[u8]) -> String {
    const MOST: usize = 30;
    let shown = &body[..body.len().min(MOST)];
    let more = if body.len() > MOST { " ..." } else { "" };
    match body.first() {
        None => "<empty>".to_string(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => format!("{}{more}", shown.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// What Go's scanner finds wrong with a text that is no JSON.
pub fn complaint(text: &[u8]) -> Option<String> {
    syntax::complaint(text)
}

impl Schema {
    pub fn decode(&self, body: &[u8], format: Format) -> Result<Decoded, DecodeError> {
        match format {
            Format::Json => self.decode_json(body),
            Format::Yaml => self.decode_yaml(body),
        }
    }

    /// A value that was made rather than sent, such as a patched object.
    pub fn decode_value(&self, value: Value) -> Result<Decoded, DecodeError> {
        type_meta::check(&value)?;
        match self.types.custom {
            true => custom::decode(self, value, Vec::new()),
            false => self.decode_typed(Source(value)),
        }
    }

    fn decode_json(&self, body: &[u8]) -> Result<Decoded, DecodeError> {
        if self.types.custom {
            let parsed = meta::parse_strict(body).map_err(|error| syntax::unreadable(body, &error.0))?;
            type_meta::check(&parsed.value)?;
            let repeated = parsed.duplicates.iter().map(|path| context::strict("duplicate", path)).collect();
            return custom::decode(self, parsed.value, repeated);
        }
        type_meta(body, Format::Json)?;
        let mut reader = serde_json::Deserializer::from_slice(body);
        reader.disable_recursion_limit(); // the seeds count depth themselves
        self.decode_typed(&mut reader)
    }

    fn decode_yaml(&self, body: &[u8]) -> Result<Decoded, DecodeError> {
        let parsed = yaml::parse(body).map_err(|error| DecodeError::Unreadable(error.0))?;
        let mut decoded = self.decode_value(parsed.value)?;
        decoded.strict.splice(0..0, yaml::repeated(&parsed.duplicates));
        Ok(decoded)
    }

    fn decode_typed<'de, D: Deserializer<'de>>(&self, reader: D) -> Result<Decoded, DecodeError> {
        let context = Context::new(&self.types);
        let seed = Seed { context: &context, id: self.root, place: &Place::Root, depth: 0 };
        let read = seed.deserialize(reader);
        context.finish(read.map_err(|error| error.to_string()))
    }
}
