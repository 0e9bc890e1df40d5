//! The rules of numbers.

use super::outcome::Outcome;
use crate::Constraints;
use crate::trail::Trail;
use meta::{Value, go_float};

pub(super) fn check_number(constraints: Option<&Constraints>, value: &Value, trail: &Trail<'_>, outcome: &mut Outcome) {
    outcome.matches += 2;
    let Some(constraints) = constraints else { return };
    if let Some(factor) = constraints.multiple_of {
        check_multiple(value, factor, trail, outcome);
    }
    if let Some(least) = constraints.minimum {
        let words = ("greater than", "greater than or equal to");
        check_bound(value, least, constraints.exclusive_minimum, |n, bound| n < bound, words, trail, outcome);
    }
    if let Some(most) = constraints.maximum {
        let words = ("less than", "less than or equal to");
        check_bound(value, most, constraints.exclusive_maximum, |n, bound| n > bound, words, trail, outcome);
    }
}

/// A bound as Go compares it: whole numbers with its whole part.
fn check_bound(
    value: &Value,
    bound: f64,
    exclusive: bool,
    beyond: impl Fn(f64, f64) -> bool,
    words: (&str, &str),
    trail: &Trail<'_>,
    outcome: &mut Outcome,
) {
    let (number, bound, text) = match value {
        Value::Int(number) => (*number as f64, bound.trunc(), format!("{}", bound as i64)),
        Value::Float(number) => (*number, bound, go_float(bound)),
        _ => return,
    };
    if beyond(number, bound) || (exclusive && number == bound) {
        let words = if exclusive { words.0 } else { words.1 };
        outcome.wrong(trail, value.clone(), format!("should be {words} {text}"));
    }
}

fn check_multiple(value: &Value, factor: f64, trail: &Trail<'_>, outcome: &mut Outcome) {
    let (is_multiple, factor, text) = match value {
        Value::Int(number) => {
            let factor = factor as i64;
            (factor > 0 && number % factor == 0, factor as f64, factor.to_string())
        }
        Value::Float(number) => (is_multiple(*number, factor), factor, go_float(factor)),
        _ => return,
    };
    if factor <= 0.0 {
        let detail = format!("factor MultipleOf declared for {trail} must be positive: {text}");
        outcome.plain(meta::Problem::Invalid, trail, Some(Value::Float(factor)), detail);
    } else if !is_multiple {
        outcome.wrong(trail, value.clone(), format!("should be a multiple of {text}"));
    }
}

fn is_multiple(number: f64, factor: f64) -> bool {
    let ratio = if factor < 1.0 { 1.0 / factor * number } else { number / factor };
    (ratio - ratio.round()).abs() < 1e-9 * ratio.abs().max(1.0)
}
