//! Equality and order of values. Numbers are compared by what they are worth, of whatever type they are.

use crate::decl::ListKind;
use crate::value::{List, MapVal, Val};
use meta::CompactString;
use std::cmp::Ordering;

impl<'v> Val<'v> {
    pub(crate) fn equals(&self, other: &Val<'v>) -> bool {
        match (self, other) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Text(a), Val::Text(b)) => a == b,
            (Val::Bytes(a), Val::Bytes(b)) => a == b,
            (Val::Timestamp(a), Val::Timestamp(b)) => a == b,
            (Val::Duration(a), Val::Duration(b)) => a == b,
            (Val::List(a), Val::List(b)) => lists_equal(a, b),
            (Val::Map(a), Val::Map(b)) => maps_equal(a, b),
            (Val::Type(a), Val::Type(b)) => a == b,
            (Val::Optional(a), Val::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => a.equals(b),
                (None, None) => true,
                _ => false,
            },
            (Val::Quantity(a), Val::Quantity(b)) => a == b,
            (Val::Ip(a), Val::Ip(b)) => a == b,
            (Val::Cidr(a), Val::Cidr(b)) => a == b,
            (Val::Url(a), Val::Url(b)) => a == b,
            (Val::Semver(a), Val::Semver(b)) => a.order(b) == Ordering::Equal,
            (Val::Format(a), Val::Format(b)) => std::ptr::eq(*a, *b),
            _ => numbers(self, other) == Some(Ordering::Equal),
        }
    }

    /// None where there is no order: of two types, or of what is not a number.
    pub(crate) fn order(&self, other: &Val<'v>) -> Option<Ordering> {
        match (self, other) {
            (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
            (Val::Bytes(a), Val::Bytes(b)) => Some(a.cmp(b)),
            (Val::Timestamp(a), Val::Timestamp(b)) => Some(a.cmp(b)),
            (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
            _ => numbers(self, other),
        }
    }

    pub(crate) fn is_comparable(&self, other: &Val<'v>) -> bool {
        let number = |value: &Val<'_>| matches!(value, Val::Int(_) | Val::Uint(_) | Val::Double(_));
        self.order(other).is_some() || (number(self) && number(other))
    }
}

fn numbers(a: &Val<'_>, b: &Val<'_>) -> Option<Ordering> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Uint(a), Val::Uint(b)) => Some(a.cmp(b)),
        (Val::Double(a), Val::Double(b)) => a.partial_cmp(b),
        (Val::Int(a), Val::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Uint(a), Val::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Int(a), Val::Double(b)) => whole_and_real((*a).into(), *b),
        (Val::Uint(a), Val::Double(b)) => whole_and_real((*a).into(), *b),
        (Val::Double(a), Val::Int(b)) => whole_and_real((*b).into(), *a).map(Ordering::reverse),
        (Val::Double(a), Val::Uint(b)) => whole_and_real((*b).into(), *a).map(Ordering::reverse),
        _ => None,
    }
}

fn whole_and_real(a: i128, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    let floor = b.floor().clamp(-1e30, 1e30) as i128;
    Some(a.cmp(&floor).then(if b.fract() == 0.0 { Ordering::Equal } else { Ordering::Less }))
}

fn lists_equal<'v>(a: &List<'v>, b: &List<'v>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a, b) {
        (List::Data { kind: ListKind::Set, .. }, _) => a.iter().all(|item| contains(b, &item)),
        (List::Data { kind: ListKind::Map(keys), .. }, List::Data { .. }) => {
            a.iter().all(|item| with_keys_of(b, keys, &item).is_some_and(|found| found.equals(&item)))
        }
        _ => a.iter().zip(b.iter()).all(|(a, b)| a.equals(&b)),
    }
}

pub(crate) fn contains<'v>(list: &List<'v>, item: &Val<'v>) -> bool {
    list.iter().any(|known| known.equals(item))
}

/// The item of a list of objects that has the same keys.
fn with_keys_of<'v>(list: &List<'v>, keys: &[CompactString], like: &Val<'v>) -> Option<Val<'v>> {
    list.iter().find(|item| keys.iter().all(|key| same_field(item, like, key)))
}

fn same_field<'v>(a: &Val<'v>, b: &Val<'v>, key: &str) -> bool {
    let field = |value: &Val<'v>| match value {
        Val::Map(map) => map.field(key),
        _ => None,
    };
    match (field(a), field(b)) {
        (Some(a), Some(b)) => a.equals(&b),
        (None, None) => true,
        _ => false,
    }
}

fn maps_equal<'v>(a: &MapVal<'v>, b: &MapVal<'v>) -> bool {
    a.len() == b.len() && a.entries().iter().all(|(key, value)| b.get(key).is_some_and(|other| other.equals(value)))
}

/// A set takes in what it has not; a list of objects by their keys replaces in place; any other list grows.
pub(crate) fn concatenated<'v>(a: &List<'v>, b: &List<'v>) -> Vec<Val<'v>> {
    let mut items: Vec<Val<'v>> = a.iter().collect();
    match a {
        List::Data { kind: ListKind::Set, .. } => {
            for item in b.iter() {
                if !items.iter().any(|known| known.equals(&item)) {
                    items.push(item);
                }
            }
        }
        List::Data { kind: ListKind::Map(keys), .. } => {
            for item in b.iter() {
                match items.iter_mut().find(|known| keys.iter().all(|key| same_field(known, &item, key))) {
                    Some(known) => *known = item,
                    None => items.push(item),
                }
            }
        }
        _ => items.extend(b.iter()),
    }
    items
}
