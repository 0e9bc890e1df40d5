//! The walk over a value and the types of its schema.

use super::junctors;
use super::numbers::check_number;
use super::outcome::Outcome;
use super::types::check_type;
use super::{formats, outcome};
use crate::trail::Trail;
use crate::{Constraints, Extra, ListKind, MapKind, Node, Shape, TypeId, Types};
use meta::{CompactString, Map, Problem, Value};

pub(super) struct Walk<'t> {
    pub types: &'t Types,
}

impl<'t> Walk<'t> {
    /// A value with what stood there before; errors of an unchanged value are forgiven.
    pub fn ratcheted(&self, id: TypeId, value: &Value, old: Option<&Value>, trail: &Trail<'_>) -> Outcome {
        let mut outcome = self.value(id, value, old, trail);
        if !outcome.is_valid() && old == Some(value) {
            outcome.errors.clear();
        }
        outcome
    }

    pub fn value(&self, id: TypeId, value: &Value, old: Option<&Value>, trail: &Trail<'_>) -> Outcome {
        let node = self.types.node(id);
        let constraints = node.constraints.as_deref();
        let mut outcome = Outcome::default();
        if check_type(node, value, trail, &mut outcome) && !value.is_null() {
            outcome.matches += 1;
        }
        if !value.is_null() {
            match constraints {
                Some(constraints) => outcome.merge(junctors::check(self, constraints, value, old, trail)),
                None => outcome.matches += 1,
            }
            outcome.matches += 2;
        }
        match value {
            Value::Str(text) => check_string(constraints, text, trail, &mut outcome),
            Value::Int(_) | Value::Float(_) => check_number(constraints, value, trail, &mut outcome),
            Value::List(items) => self.list(node, items, old, trail, &mut outcome),
            _ => {}
        }
        check_enum(constraints, value, trail, &mut outcome);
        if let Value::Map(map) = value {
            self.map(node, map, old, trail, &mut outcome);
        }
        outcome
    }

    fn list(&self, node: &Node, items: &[Value], old: Option<&Value>, trail: &Trail<'_>, outcome: &mut Outcome) {
        if let Shape::List { item, kind, .. } = &node.shape {
            for (index, value) in items.iter().enumerate() {
                let before = old.and_then(|old| correlated(kind, old, value));
                outcome.merge(self.ratcheted(*item, value, before, &Trail::Index(trail, index)));
            }
        }
        outcome.matches += 2;
        let Some(constraints) = node.constraints.as_deref() else { return };
        let size = items.len() as u64;
        if let Some(least) = constraints.min_items.filter(|least| size < *least) {
            outcome.wrong(trail, size as i64, format!("should have at least {least} items"));
        }
        if let Some(most) = constraints.max_items.filter(|most| size > *most) {
            too_many(trail, size, most, outcome);
        }
        if constraints.unique_items && (1..items.len()).any(|index| items[..index].contains(&items[index])) {
            outcome.wrong(trail, "", "shouldn't contain duplicates");
        }
    }

    fn map(&self, node: &Node, map: &Map, old: Option<&Value>, trail: &Trail<'_>, outcome: &mut Outcome) {
        let constraints = node.constraints.as_deref();
        let size = map.len() as u64;
        if let Some(least) = constraints.and_then(|c| c.min_properties).filter(|least| size < *least) {
            outcome.wrong(trail, size as i64, format!("should have at least {least} properties"));
        }
        if let Some(most) = constraints.and_then(|c| c.max_properties).filter(|most| size > *most) {
            too_many(trail, size, most, outcome);
        }
        let old = old.filter(|_| is_granular(&node.shape));
        for (name, value) in map.iter() {
            if let Some(id) = entry(&node.shape, name) {
                let before = old.and_then(|old| old.as_map()?.get(name));
                outcome.merge(self.ratcheted(id, value, before, &Trail::Name(trail, name)));
            }
        }
        for name in constraints.map_or(&[][..], |constraints| &constraints.required) {
            if !map.contains(name) {
                outcome.plain(Problem::Required, &Trail::Name(trail, name), None, String::new());
            }
        }
        outcome.matches += 1;
    }
}

fn too_many(trail: &Trail<'_>, size: u64, most: u64, outcome: &mut Outcome) {
    let items = if most == 1 { "item" } else { "items" };
    let detail = format!("must have at most {most} {items}");
    outcome.plain(Problem::TooMany, trail, Some(Value::Int(size as i64)), detail);
}

fn is_granular(shape: &Shape) -> bool {
    match shape {
        Shape::Struct(fields) => fields.kind == MapKind::Granular,
        Shape::Map { kind, .. } => *kind == MapKind::Granular,
        _ => true,
    }
}

fn entry(shape: &Shape, name: &str) -> Option<TypeId> {
    match shape {
        Shape::Struct(fields) => match (fields.field(name), &fields.extra) {
            (Some(field), _) => Some(field.node),
            (None, Extra::Typed(id)) => Some(*id),
            _ => None,
        },
        Shape::Map { value, .. } => Some(*value),
        _ => None,
    }
}

/// The item of the old list that an item goes on from: only lists with keys can tell.
fn correlated<'v>(kind: &ListKind, old: &'v Value, item: &Value) -> Option<&'v Value> {
    let ListKind::Map(keys) = kind else { return None };
    old.as_list()?.iter().find(|before| keys.iter().all(|key| before.get(key) == item.get(key)))
}

fn check_string(constraints: Option<&Constraints>, text: &CompactString, trail: &Trail<'_>, outcome: &mut Outcome) {
    let Some(constraints) = constraints else { return };
    check_text(constraints, text, trail, outcome);
    let Some(format) = constraints.format.as_deref().filter(|format| formats::is_known(format)) else { return };
    outcome.matches += 1;
    if !formats::matches_format(format, text) {
        outcome.wrong_type(trail, format, text.clone());
    }
}

/// The first of a text's rules that it breaks.
fn check_text(constraints: &Constraints, text: &CompactString, trail: &Trail<'_>, outcome: &mut outcome::Outcome) {
    let length = text.chars().count() as u64;
    if let Some(most) = constraints.max_length.filter(|most| length > *most) {
        let bytes = if most == 1 { "byte" } else { "bytes" };
        outcome.plain(Problem::TooLong, trail, None, format!("may not be more than {most} {bytes}"));
    } else if let Some(least) = constraints.min_length.filter(|least| length < *least) {
        outcome.wrong(trail, text, format!("should be at least {least} chars long"));
    } else if let Some(pattern) = &constraints.pattern
        && !pattern.regex().is_some_and(|regex| regex.is_match(text))
    {
        outcome.wrong(trail, text, format!("should match '{}'", pattern.as_str()));
    }
}

fn check_enum(constraints: Option<&Constraints>, value: &Value, trail: &Trail<'_>, outcome: &mut Outcome) {
    let Some(allowed) = constraints.map(|c| &c.one_of_values).filter(|allowed| !allowed.is_empty()) else { return };
    if allowed.iter().any(|allowed| is_same(allowed, value)) {
        return;
    }
    let quoted: Vec<String> = allowed.iter().map(|value| meta::quote(&text_of(value))).collect();
    let detail = format!("supported values: {}", quoted.join(", "));
    outcome.plain(Problem::NotSupported, trail, Some(value.clone()), detail);
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// Numbers are the same whatever their notation; a null is never among the allowed.
fn is_same(allowed: &Value, value: &Value) -> bool {
    match (allowed, value) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (a, b) => a == b,
    }
}
