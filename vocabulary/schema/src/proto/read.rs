//! A message to the value that decoding from JSON would give.

use super::ProtoError;
use super::envelope::text;
use super::layout::{Layout, What};
use super::wire::{Fields, Raw};
use crate::decode::{Slots, zero};
use crate::{Field, SchemaOr, Shape, StructType, TypeId, Types, duration};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use meta::{CompactString, Map, Quantity, Time, Value};

/// Deeper than any type that is not recursive, and shallow enough for a thread's stack.
const MAX_DEPTH: usize = 128;

pub(super) fn message(types: &Types, id: TypeId, bytes: &[u8], depth: usize) -> Result<Value, ProtoError> {
    if depth > MAX_DEPTH {
        return Err(ProtoError::TooDeep);
    }
    match &types.node(id).shape {
        Shape::Struct(fields) => {
            let mut slots = Slots::new(fields);
            Reader { types, fields, depth }.members(Layout::of(fields), bytes, &mut slots)?;
            Ok(Value::Map(slots.finish(types)))
        }
        Shape::List { item, .. } => each(bytes, |raw| single(types, *item, raw, depth)).map(Value::List),
        Shape::Map { value, .. } => {
            let entries = each(bytes, |raw| entry(types, *value, raw, depth))?;
            Ok(Value::Map(Map::from_fields(entries, |_| ())))
        }
        Shape::Quantity => quantity(bytes),
        Shape::Time => moment(bytes, false),
        Shape::MicroTime => moment(bytes, true),
        Shape::Duration => Ok(duration::text(number_at(bytes, 1)?).into()),
        Shape::IntOrString => int_or_string(bytes),
        Shape::SchemaOr(or, schema) => schema_or(types, *or, *schema, bytes, depth),
        _ => json(bytes),
    }
}

struct Reader<'t> {
    types: &'t Types,
    fields: &'t StructType,
    depth: usize,
}

impl Reader<'_> {
    fn members(&self, layout: &Layout, bytes: &[u8], slots: &mut Slots<'_>) -> Result<(), ProtoError> {
        let mut rest = Fields(bytes);
        while let Some((tag, raw)) = rest.next()? {
            match (layout.find(tag), raw) {
                (Some(What::Field(index)), raw) => {
                    let field = &self.fields.fields[*index];
                    self.field(field, raw, slots.at(*index)).map_err(|error| named(error, field))?;
                }
                (Some(What::Inline(inner)), Raw::Bytes(bytes)) => self.members(inner, bytes, slots)?,
                (Some(What::Inline(_)), raw) => return Err(wrong(raw)),
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn field(&self, field: &Field, raw: Raw<'_>, slot: &mut Value) -> Result<(), ProtoError> {
        match (&self.types.node(field.node).shape, raw) {
            (Shape::List { item, .. }, Raw::Bytes(packed)) if is_number(&self.types.node(*item).shape) => {
                let mut numbers = Fields(packed);
                while !numbers.0.is_empty() {
                    let number = Raw::Number(numbers.varint()?);
                    push(slot, single(self.types, *item, number, self.depth)?);
                }
            }
            (Shape::List { item, .. }, raw) => push(slot, single(self.types, *item, raw, self.depth)?),
            (Shape::Map { value, .. }, raw) => {
                let (name, value) = entry(self.types, *value, raw, self.depth)?;
                *slot.entry(&name) = value;
            }
            (_, raw) => *slot = single(self.types, field.node, raw, self.depth)?,
        }
        Ok(())
    }
}

fn push(slot: &mut Value, item: Value) {
    match slot {
        Value::List(items) => items.push(item),
        other => *other = Value::List(vec![item]),
    }
}

fn is_number(shape: &Shape) -> bool {
    matches!(shape, Shape::Bool | Shape::Int32 | Shape::Int64)
}

fn wrong(raw: Raw<'_>) -> ProtoError {
    ProtoError::WireType { wire: raw.wire(), field: String::new() }
}

/// The error with the field's name, as Go has it.
fn named(error: ProtoError, field: &Field) -> ProtoError {
    match error {
        ProtoError::WireType { wire, field: name } if name.is_empty() => {
            let mut letters = field.name.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            ProtoError::WireType { wire, field: first.into_iter().chain(letters).collect() }
        }
        other => other,
    }
}

fn single(types: &Types, id: TypeId, raw: Raw<'_>, depth: usize) -> Result<Value, ProtoError> {
    match (&types.node(id).shape, raw) {
        (Shape::Bool, Raw::Number(number)) => Ok(Value::Bool(number != 0)),
        (Shape::Int32, Raw::Number(number)) => Ok(Value::Int(i64::from(number as i32))),
        (Shape::Int64, Raw::Number(number)) => Ok(Value::Int(number as i64)),
        (Shape::Float, Raw::Fixed(bits)) => finite(f64::from_bits(bits)),
        (Shape::Str, Raw::Bytes(bytes)) => text(bytes).map(Value::Str),
        (Shape::Bytes, Raw::Bytes(bytes)) => Ok(STANDARD.encode(bytes).into()),
        (Shape::Bool | Shape::Int32 | Shape::Int64 | Shape::Float, raw) => Err(wrong(raw)),
        (_, Raw::Bytes(bytes)) => message(types, id, bytes, depth + 1),
        (_, raw) => Err(wrong(raw)),
    }
}

fn finite(number: f64) -> Result<Value, ProtoError> {
    match number.is_finite() {
        true => Ok(Value::Float(number)),
        false => Err(ProtoError::Refused(format!("json: unsupported value: {number}"))),
    }
}

fn each<T>(bytes: &[u8], mut read: impl FnMut(Raw<'_>) -> Result<T, ProtoError>) -> Result<Vec<T>, ProtoError> {
    let mut rest = Fields(bytes);
    let mut items = Vec::new();
    while let Some((tag, raw)) = rest.next()? {
        if tag == 1 {
            items.push(read(raw)?);
        }
    }
    Ok(items)
}

fn entry(types: &Types, value: TypeId, raw: Raw<'_>, depth: usize) -> Result<(CompactString, Value), ProtoError> {
    let Raw::Bytes(bytes) = raw else { return Err(wrong(raw)) };
    let mut rest = Fields(bytes);
    let (mut name, mut item) = (CompactString::default(), None);
    while let Some(field) = rest.next()? {
        match field {
            (1, Raw::Bytes(bytes)) => name = text(bytes)?,
            (2, raw) => item = Some(single(types, value, raw, depth)?),
            _ => {}
        }
    }
    Ok((name, item.unwrap_or_else(|| zero(types, value))))
}

/// The bytes of a message's one field of that number, or none.
fn bytes_at(bytes: &[u8], wanted: u32) -> Result<Option<&[u8]>, ProtoError> {
    let mut rest = Fields(bytes);
    let mut found = None;
    while let Some(field) = rest.next()? {
        if let (tag, Raw::Bytes(bytes)) = field
            && tag == wanted
        {
            found = Some(bytes);
        }
    }
    Ok(found)
}

fn number_at(bytes: &[u8], wanted: u32) -> Result<i64, ProtoError> {
    let mut rest = Fields(bytes);
    let mut found = 0;
    while let Some(field) = rest.next()? {
        if let (tag, Raw::Number(number)) = field
            && tag == wanted
        {
            found = number as i64;
        }
    }
    Ok(found)
}

fn quantity(bytes: &[u8]) -> Result<Value, ProtoError> {
    let given = text(bytes_at(bytes, 1)?.unwrap_or_default())?;
    let parsed = Quantity::parse(&given).map_err(|error| ProtoError::Refused(error.to_string()))?;
    Ok(parsed.to_string().into())
}

fn moment(bytes: &[u8], micros: bool) -> Result<Value, ProtoError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let nanos = if micros { number_at(bytes, 2)? as i32 } else { 0 };
    let time = Timestamp::new(number_at(bytes, 1)?, nanos).map(Time);
    let time = time.map_err(|_| ProtoError::Refused("time is out of range".into()))?;
    Ok(if micros { time.micro().into() } else { time.to_string().into() })
}

fn int_or_string(bytes: &[u8]) -> Result<Value, ProtoError> {
    match number_at(bytes, 1)? {
        0 => Ok(Value::Int(i64::from(number_at(bytes, 2)? as i32))),
        _ => text(bytes_at(bytes, 3)?.unwrap_or_default()).map(Value::Str),
    }
}

fn json(bytes: &[u8]) -> Result<Value, ProtoError> {
    match bytes_at(bytes, 1)?.unwrap_or_default() {
        [] => Ok(Value::Null),
        raw => meta::parse(raw).map_err(|error| ProtoError::Refused(error.0)),
    }
}

fn schema_or(types: &Types, or: SchemaOr, schema: TypeId, bytes: &[u8], depth: usize) -> Result<Value, ProtoError> {
    let mut rest = Fields(bytes);
    let mut found = if or == SchemaOr::Bool { Value::Bool(false) } else { Value::Null };
    while let Some(field) = rest.next()? {
        match (or, field) {
            (SchemaOr::Bool, (1, Raw::Number(number))) if found.as_map().is_none() => found = Value::Bool(number != 0),
            (SchemaOr::Bool, (2, Raw::Bytes(bytes))) | (SchemaOr::List | SchemaOr::Strings, (1, Raw::Bytes(bytes))) => {
                found = message(types, schema, bytes, depth + 1)?;
            }
            (SchemaOr::List, (2, Raw::Bytes(bytes))) => push(&mut found, message(types, schema, bytes, depth + 1)?),
            (SchemaOr::Strings, (2, Raw::Bytes(bytes))) => push(&mut found, Value::Str(text(bytes)?)),
            _ => {}
        }
    }
    Ok(found)
}
