//! Whether a value is of the type that its schema states.

use super::formats;
use super::outcome::Outcome;
use crate::trail::Trail;
use crate::{Node, Shape};
use meta::Value;

/// Tells what is wrong; whether a type was stated and the value is of it.
pub(super) fn check_type(node: &Node, value: &Value, trail: &Trail<'_>, outcome: &mut Outcome) -> bool {
    let wanted = if node.untyped { "" } else { word(&node.shape) };
    let format = node.constraints.as_deref().and_then(|constraints| constraints.format.as_deref());
    let format = format.filter(|format| formats::is_known(format)).unwrap_or("");
    if wanted.is_empty() && (format.is_empty() || value.is_null()) {
        return false;
    }
    match refusal(wanted, format, node.nullable, value) {
        Some((wanted, given)) => {
            outcome.matches += 1; // the check itself was made
            outcome.wrong_type(trail, wanted, given);
            false
        }
        None => {
            outcome.matches += 1;
            true
        }
    }
}

/// What was wanted and what was given instead.
fn refusal<'w>(wanted: &'w str, format: &'w str, nullable: bool, value: &Value) -> Option<(&'w str, &'static str)> {
    let given = match value {
        Value::Null => return (!nullable).then_some((wanted, "null")),
        other => json_word(other),
    };
    let numeric = wanted.contains("integer") || wanted.contains("number");
    let fits = wanted.split(',').any(|word| word == given)
        || (given == "number" && wanted.contains("integer") && is_whole(value))
        || (given == "integer" && wanted.contains("number"));
    match value {
        Value::Str(_) | Value::List(_) if !format.is_empty() && !numeric => None,
        Value::Str(_) | Value::List(_) => (!fits).then_some((wanted, given)),
        _ if !format.is_empty() => (!fits).then(|| (format, native_format(value))),
        _ => (!fits).then_some((wanted, given)),
    }
}

fn word(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "boolean",
        Shape::Int32 | Shape::Int64 => "integer",
        Shape::Float => "number",
        Shape::Str | Shape::Bytes | Shape::Time | Shape::MicroTime | Shape::Duration => "string",
        Shape::IntOrString => "integer,string",
        Shape::Struct(_) | Shape::Map { .. } => "object",
        Shape::List { .. } => "array",
        Shape::Quantity | Shape::Any | Shape::SchemaOr(..) => "",
    }
}

fn json_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn native_format(value: &Value) -> &'static str {
    match value {
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        _ => "",
    }
}

fn is_whole(value: &Value) -> bool {
    const MOST_EXACT: f64 = 9_007_199_254_740_991.0;
    matches!(value, Value::Float(number) if number.fract() == 0.0 && number.abs() <= MOST_EXACT)
}
