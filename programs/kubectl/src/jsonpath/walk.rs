//! A template against a value.

use super::{Node, Part};
use crate::go;
use meta::Value;
use std::cmp::Ordering;

pub enum Piece<'v> {
    Text(&'v str),
    Found(Vec<&'v Value>),
}

type Found<'v> = Result<Vec<&'v Value>, String>;

pub fn parts<'v>(
    parts: &'v [Part],
    value: &'v Value,
    allow_missing: bool,
    out: &mut dyn FnMut(Piece<'v>),
) -> Result<(), String> {
    for part in parts {
        match part {
            Part::Text(text) => out(Piece::Text(text)),
            Part::Action(nodes) => out(Piece::Found(walk(nodes, vec![value], allow_missing)?)),
            Part::Range(nodes, inside) => {
                for item in walk(nodes, vec![value], allow_missing)? {
                    self::parts(inside, item, allow_missing, out)?;
                }
            }
        }
    }
    Ok(())
}

fn walk<'v>(nodes: &'v [Node], start: Vec<&'v Value>, allow_missing: bool) -> Found<'v> {
    nodes.iter().try_fold(start, |input, node| step(node, input, allow_missing))
}

fn step<'v>(node: &'v Node, input: Vec<&'v Value>, allow_missing: bool) -> Found<'v> {
    match node {
        Node::Literal(value) => Ok(vec![value]),
        Node::Constant(value) => Ok(input.iter().map(|_| value).collect()),
        Node::Field(name) => field(name, input, allow_missing),
        Node::Every => Ok(input.into_iter().flat_map(children).collect()),
        Node::Recursive => Ok(input.into_iter().flat_map(descendants).collect()),
        Node::Unknown(word) => Err(format!("unrecognized identifier {word}")),
        Node::Union(paths) => {
            let each = paths.iter().map(|path| walk(path, input.clone(), allow_missing));
            each.collect::<Result<Vec<_>, _>>().map(|found| found.concat())
        }
        Node::Slice(bounds, single) => {
            let each = input.into_iter().filter(|value| !value.is_null()).map(|value| slice(*bounds, *single, value));
            each.collect::<Result<Vec<_>, _>>().map(|found| found.concat())
        }
        Node::Filter { left, operator, right } => {
            let each = input.into_iter().map(|value| filter(value, left, operator, right, allow_missing));
            each.collect::<Result<Vec<_>, _>>().map(|found| found.concat())
        }
    }
}

fn field<'v>(name: &str, input: Vec<&'v Value>, allow_missing: bool) -> Found<'v> {
    if input.is_empty() {
        return Ok(input);
    }
    if name.is_empty() {
        return Ok(input);
    }
    let found: Vec<&Value> = input.iter().filter_map(|value| value.as_map()?.get(name)).collect();
    if found.is_empty() && !allow_missing { Err(format!("{name} is not found")) } else { Ok(found) }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        Value::Map(fields) => fields.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// Everything that holds something, the value itself first.
fn descendants(value: &Value) -> Vec<&Value> {
    let inside = children(value);
    if inside.is_empty() {
        return Vec::new();
    }
    std::iter::once(value).chain(inside.into_iter().flat_map(descendants)).collect()
}

fn slice<'v>(bounds: [Option<i64>; 3], single: bool, value: &'v Value) -> Found<'v> {
    let items = value.as_list().ok_or_else(|| format!("{} is not array or slice", go_type(value)))?;
    let length = items.len() as i64;
    let from_end = |bound: i64| if bound < 0 { bound + length } else { bound };
    let first = from_end(bounds[0].unwrap_or(0));
    let end = match bounds[1] {
        Some(end) if end < 0 || (end == 0 && single) => end + length,
        Some(end) => end,
        None => length,
    };
    if first == end {
        return Ok(Vec::new());
    }
    let outside = |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
    if first >= length || first < 0 {
        return outside(bounds[0].unwrap_or(0).max(first));
    }
    if end > length || end < 0 {
        return outside(end - 1);
    }
    if first > end {
        return Err(format!("starting index {first} is greater than ending index {end}"));
    }
    let step = bounds[2].unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".into());
    }
    Ok(items[first as usize..end as usize].iter().step_by(step as usize).collect())
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "string",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Bool(_) => "bool",
        _ => "map[string]interface {}",
    }
}

fn filter<'v>(value: &'v Value, left: &'v [Node], operator: &str, right: &'v [Node], allow_missing: bool) -> Found<'v> {
    let items =
        value.as_list().ok_or_else(|| format!("{} is not array or slice and cannot be filtered", go::sprint(value)))?;
    let mut kept = Vec::new();
    for item in items {
        let lefts = walk(left, vec![item], allow_missing);
        let passes = match (operator, lefts) {
            ("exists", lefts) => lefts.is_ok_and(|found| !found.is_empty()),
            (_, lefts) => compared(&lefts?, operator, &walk(right, vec![item], allow_missing)?)?,
        };
        if passes {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn compared(left: &[&Value], operator: &str, right: &[&Value]) -> Result<bool, String> {
    let (left, right) = match (left, right) {
        ([], _) | (_, []) => return Ok(false),
        ([left], [right]) => (*left, *right),
        _ => return Err("can only compare one element at a time".into()),
    };
    let order = order(left, right).ok_or("incompatible types for comparison")?;
    match operator {
        "<" => Ok(order.is_lt()),
        ">" => Ok(order.is_gt()),
        "==" => Ok(order.is_eq()),
        "!=" => Ok(order.is_ne()),
        "<=" => Ok(order.is_le()),
        ">=" => Ok(order.is_ge()),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
