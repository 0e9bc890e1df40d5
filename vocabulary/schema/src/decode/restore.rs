//! A merged object into Go's types as upstream takes it there without JSON in between: it forgives more (a number that
//! is too large wraps around, a whole float counts as an integer) and complains in other words.

use super::context::go_type;
use super::scalar::{Given, Words, convert};
use super::{DecodeError, Decoded};
use crate::{Schema, Shape, TypeId, Types};
use meta::Value;

impl Schema {
    /// What a strategic merge patch has made of an object that was one of this kind, and whose other fields it left.
    pub fn restore_touched(&self, mut value: Value, touched: impl Fn(&str) -> bool) -> Result<Decoded, DecodeError> {
        let always = |name: &str| name == "apiVersion" || name == "kind";
        let untouched = value.as_map_mut().map(|map| map.split(|name| !always(name) && !touched(name)));
        let mut decoded = self.restore(value)?;
        for (name, field) in untouched.into_iter().flatten() {
            *decoded.value.entry(&name) = field;
        }
        Ok(decoded)
    }

    /// What a strategic merge patch or an apply has made.
    pub fn restore(&self, mut value: Value) -> Result<Decoded, DecodeError> {
        if !self.types.custom {
            fit(&self.types, self.root, &mut value).map_err(DecodeError::Mismatch)?;
        }
        let mut decoded = self.decode_value(value)?;
        decoded.strict.sort();
        Ok(decoded)
    }
}

/// Makes a value one that decoding takes.
fn fit(types: &Types, id: TypeId, value: &mut Value) -> Result<(), String> {
    let shape = &types.node(id).shape;
    match (shape, &mut *value) {
        (_, Value::Null) | (Shape::Any | Shape::SchemaOr(..), _) => Ok(()),
        (Shape::Struct(fields), Value::Map(map)) => map
            .iter_mut()
            .filter_map(|(name, value)| Some((fields.field(name)?.node, value)))
            .try_for_each(|(id, value)| fit(types, id, value)),
        (Shape::Map { value: id, .. }, Value::Map(map)) => {
            map.iter_mut().try_for_each(|(_, value)| fit(types, *id, value))
        }
        (Shape::List { item, .. }, Value::List(items)) => {
            items.iter_mut().try_for_each(|value| fit(types, *item, value))
        }
        (Shape::Struct(_), value) => Err(format!("cannot restore struct from: {}", kind(value))),
        (Shape::Map { .. }, value) => Err(format!("cannot restore map from {}", kind(value))),
        (Shape::Bytes, Value::Str(_)) => {
            fit_own(shape, value).map_err(|why| format!("error decoding from json: {why}"))
        }
        (Shape::List { .. } | Shape::Bytes, value) => Err(format!("cannot restore slice from {}", kind(value))),
        (Shape::Quantity | Shape::Time | Shape::MicroTime | Shape::Duration | Shape::IntOrString, value) => {
            fit_own(shape, value)
        }
        (_, scalar) => fit_scalar(types, id, scalar),
    }
}

/// Types that read themselves from JSON.
fn fit_own(shape: &Shape, value: &Value) -> Result<(), String> {
    let given = match value {
        Value::Null => return Ok(()),
        Value::Bool(given) => Given::Bool(*given),
        Value::Int(given) => Given::Int(*given),
        Value::Float(given) => Given::Float(*given),
        Value::Str(given) => Given::Str(given),
        Value::List(_) => Given::List,
        Value::Map(_) => Given::Map,
    };
    convert(shape, given).map(drop).map_err(|refusal| match refusal.words {
        Words::Text(text) => text,
        Words::Type { given, wanted } => {
            format!("json: cannot unmarshal {given} into Go value of type {}", wanted.unwrap_or("string"))
        }
    })
}

fn fit_scalar(types: &Types, id: TypeId, value: &mut Value) -> Result<(), String> {
    let shape = &types.node(id).shape;
    match (shape, &*value) {
        (Shape::Bool, Value::Bool(_))
        | (Shape::Int64, Value::Int(_))
        | (Shape::Float, Value::Int(_) | Value::Float(_))
        | (Shape::Str, Value::Str(_)) => Ok(()),
        (Shape::Int32, Value::Int(number)) => {
            *value = Value::Int(i64::from(*number as i32));
            Ok(())
        }
        (Shape::Int32 | Shape::Int64, Value::Float(number)) if number.trunc() == *number => {
            *value = Value::Int(*number as i64);
            Ok(())
        }
        (Shape::Int32 | Shape::Int64, Value::Float(_)) | (Shape::Str, Value::Int(_)) => {
            Err(format!("cannot convert {} to {}", kind(value), go_type(types, id)))
        }
        (shape, _) => Err(format!("unrecognized type: {}", scalar_kind(shape))),
    }
}

/// Go's word for what decoding made of JSON.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

fn scalar_kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "bool",
        Shape::Int32 => "int32",
        Shape::Int64 => "int64",
        Shape::Float => "float64",
        _ => "string",
    }
}
