//! One JSON scalar into the Go type of a shape.

use crate::{SchemaOr, Shape, duration, time};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use meta::{Quantity, Value};

#[derive(Clone, Copy)]
pub(super) enum Given<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'v str),
    List,
    Map,
}

/// A value that does not fit. Where a type decodes itself in Go, its refusal ends the decoding.
pub(super) struct Refusal {
    pub words: Words,
    pub fatal: bool,
}

pub(super) enum Words {
    Text(String),
    /// Without `wanted`, the type of the schema.
    Type {
        given: String,
        wanted: Option<&'static str>,
    },
}

/// Go's base64 forgives bits that stand beyond the last byte.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

impl Given<'_> {
    fn word(self) -> String {
        match self {
            Given::Bool(_) => "bool",
            Given::Int(_) | Given::Float(_) => "number",
            Given::Str(_) => "string",
            Given::List => "array",
            Given::Map => "object",
        }
        .to_string()
    }

    fn value(self) -> Value {
        match self {
            Given::Bool(v) => Value::Bool(v),
            Given::Int(v) => Value::Int(v),
            Given::Float(v) => Value::Float(v),
            Given::Str(v) => Value::Str(v.into()),
            Given::List | Given::Map => unreachable!("only scalars are taken as they are"),
        }
    }
}

impl Refusal {
    fn kind(given: Given<'_>) -> Refusal {
        Refusal { words: Words::Type { given: given.word(), wanted: None }, fatal: false }
    }

    fn number(text: &str) -> Refusal {
        Refusal { words: Words::Type { given: format!("number {text}"), wanted: None }, fatal: false }
    }

    fn itself(given: String, wanted: &'static str) -> Refusal {
        Refusal { words: Words::Type { given, wanted: Some(wanted) }, fatal: true }
    }

    pub fn fatal(text: impl Into<String>) -> Refusal {
        Refusal { words: Words::Text(text.into()), fatal: true }
    }
}

/// The value of the shape that `given` stands for; null for what Go holds as nothing.
pub(super) fn convert(shape: &Shape, given: Given<'_>) -> Result<Value, Refusal> {
    match (shape, given) {
        (Shape::Any, Given::Bool(_) | Given::Int(_) | Given::Float(_) | Given::Str(_))
        | (Shape::Bool | Shape::SchemaOr(SchemaOr::Bool, _), Given::Bool(_))
        | (Shape::Int64, Given::Int(_))
        | (Shape::Str | Shape::IntOrString, Given::Str(_)) => Ok(given.value()),
        (Shape::Int32, Given::Int(n)) => int32(n).ok_or_else(|| Refusal::number(&n.to_string())),
        (Shape::Int32 | Shape::Int64, Given::Float(n)) => Err(Refusal::number(&format!("{n:?}"))),
        (Shape::Float, Given::Int(n)) => Ok(Value::Float(n as f64)),
        (Shape::Float, Given::Float(n)) => Ok(Value::Float(n)),
        (Shape::Bytes, Given::Str(text)) => bytes(text),
        (Shape::IntOrString, _) => int_or_string(given),
        (Shape::Quantity, _) => quantity(given),
        (Shape::Time, Given::Str(text)) => moment(text, time::Layout::Seconds),
        (Shape::MicroTime, Given::Str(text)) => moment(text, time::Layout::Micros),
        (Shape::Duration, Given::Str(text)) => {
            duration::parse(text).map(|nanos| duration::text(nanos).into()).map_err(Refusal::fatal)
        }
        (Shape::Time | Shape::MicroTime | Shape::Duration, _) => Err(Refusal::itself(given.word(), "string")),
        (Shape::SchemaOr(SchemaOr::Bool, _), _) => Err(Refusal::fatal("boolean or JSON schema expected")),
        (Shape::SchemaOr(..), _) => Ok(Value::Null),
        _ => Err(Refusal::kind(given)),
    }
}

fn int32(n: i64) -> Option<Value> {
    i32::try_from(n).ok().map(Value::from)
}

fn int_or_string(given: Given<'_>) -> Result<Value, Refusal> {
    match given {
        Given::Int(n) => int32(n).ok_or_else(|| Refusal::itself(format!("number {n}"), "int32")),
        Given::Float(n) => Err(Refusal::itself(format!("number {n:?}"), "int32")),
        other => Err(Refusal::itself(other.word(), "int32")),
    }
}

fn quantity(given: Given<'_>) -> Result<Value, Refusal> {
    let parsed = match given {
        Given::Str(text) => Quantity::parse(text.trim()),
        Given::Int(n) => Quantity::parse(&n.to_string()),
        Given::Float(n) => Quantity::parse(&n.to_string()),
        Given::Bool(_) | Given::List | Given::Map => Err(meta::quantity::QuantityError::Format),
    };
    parsed.map(|quantity| quantity.to_string().into()).map_err(|error| Refusal::fatal(error.to_string()))
}

fn moment(text: &str, layout: time::Layout) -> Result<Value, Refusal> {
    time::parse(text, layout).map(|time| time.map(|time| layout.text(time)).into()).map_err(Refusal::fatal)
}

fn bytes(text: &str) -> Result<Value, Refusal> {
    let folded: String;
    let mut clean = text;
    if text.contains(['\r', '\n']) {
        folded = text.replace(['\r', '\n'], "");
        clean = &folded;
    }
    match BASE64.decode(clean) {
        Ok(_) if clean.is_empty() => Ok(Value::from("")),
        Ok(bytes) => Ok(BASE64.encode(bytes).into()),
        Err(error) => {
            let text = format!("illegal base64 data at input byte {}", corrupt_at(&error, clean.len()));
            Err(Refusal { words: Words::Text(text), fatal: false })
        }
    }
}

fn corrupt_at(error: &base64::DecodeError, length: usize) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _) => *at,
        base64::DecodeError::InvalidLastSymbol(..) => length - length % 4,
        base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => length - length % 4,
    }
}
