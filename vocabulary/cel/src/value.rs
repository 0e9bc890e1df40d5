//! What an expression's parts become: data where it lies, or what was made of it.

use crate::ast::Literal;
use crate::decl::{DYN, Decl, ListKind, Object, Shape};
use crate::functions::authorization::{Asking, Authorizer, Decision, Question};
use crate::functions::network::Cidr;
use crate::functions::semver::Semver;
use crate::functions::text_formats::NamedFormat;
use crate::functions::urls::Url;
use crate::functions::{bytes_of_text, times};
use meta::{CompactString, Quantity, Value};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub enum Val<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'v, str>),
    Bytes(Cow<'v, [u8]>),
    Timestamp(jiff::Timestamp),
    /// Nanoseconds.
    Duration(i64),
    List(List<'v>),
    Map(MapVal<'v>),
    Type(Rc<str>),
    Optional(Option<Rc<Val<'v>>>),
    Quantity(Quantity),
    Ip(IpAddr),
    Cidr(Cidr),
    Url(Rc<Url>),
    Semver(Rc<Semver>),
    Format(&'static NamedFormat),
    Asking(Rc<Asking<'v>>),
    Decision(Rc<Decision>),
    /// What `variables` is: its fields are expressions of their own.
    Variables,
}

#[derive(Clone, Debug)]
pub enum List<'v> {
    Data { items: &'v [Value], item: &'v Decl, kind: &'v ListKind },
    Made(Rc<Vec<Val<'v>>>),
}

#[derive(Clone, Debug)]
pub enum MapVal<'v> {
    Data { fields: &'v meta::Map, kind: MapKind<'v> },
    Made(Rc<Vec<(Val<'v>, Val<'v>)>>),
}

#[derive(Clone, Copy, Debug)]
pub enum MapKind<'v> {
    /// All values are declared alike.
    Map(&'v Decl),
    Object(&'v Object),
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError {
    pub why: String,
    /// The expression cost more than it may.
    pub too_costly: bool,
}

pub type Outcome<'v> = Result<Val<'v>, EvalError>;

impl EvalError {
    pub fn new(why: impl Into<String>) -> EvalError {
        EvalError { why: why.into(), too_costly: false }
    }

    pub(crate) fn too_costly() -> EvalError {
        EvalError { why: "operation cancelled: actual cost limit exceeded".into(), too_costly: true }
    }

    pub(crate) fn no_overload() -> EvalError {
        EvalError::new("no such overload")
    }

    /// No overload of a function takes what it was given.
    pub(crate) fn no_such(function: &str, given: &[Val<'_>]) -> EvalError {
        let types: Vec<&str> = given.iter().map(Val::type_name).collect();
        EvalError::new(format!("no such overload: {function}({})", types.join(", ")))
    }

    pub(crate) fn no_key(key: impl fmt::Display) -> EvalError {
        EvalError::new(format!("no such key: {key}"))
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for EvalError {}

static ATOMIC: ListKind = ListKind::Atomic;

impl<'v> Val<'v> {
    /// Data about which nothing is declared.
    pub fn any(value: &'v Value) -> Val<'v> {
        Val::of(value, &DYN)
    }

    /// Data as it is declared.
    pub fn of(value: &'v Value, decl: &'v Decl) -> Val<'v> {
        match (value, &decl.shape) {
            (Value::Null, _) => Val::Null,
            (Value::Bool(b), _) => Val::Bool(*b),
            (Value::Int(i), Shape::Double) => Val::Double(*i as f64),
            (Value::Int(i), _) => Val::Int(*i),
            (Value::Float(f), _) => Val::Double(*f),
            (Value::Str(text), shape) => of_text(text, shape),
            (Value::List(items), shape) => Val::List(of_list(items, shape)),
            (Value::Map(fields), Shape::Object(object)) => {
                Val::Map(MapVal::Data { fields, kind: MapKind::Object(object) })
            }
            (Value::Map(fields), Shape::Map(inner)) => Val::Map(MapVal::Data { fields, kind: MapKind::Map(inner) }),
            (Value::Map(fields), _) => Val::Map(MapVal::Data { fields, kind: MapKind::Map(&DYN) }),
        }
    }

    /// What `authorizer` is.
    pub fn authorizer(by: &'v dyn Authorizer) -> Val<'v> {
        Val::Asking(Rc::new(Asking::new(by)))
    }

    /// The question about one resource, to which the verb alone is missing.
    pub fn resource_check(by: &'v dyn Authorizer, question: Question) -> Val<'v> {
        Val::Asking(Rc::new(Asking::about(by, question)))
    }

    pub fn text(text: impl Into<Cow<'v, str>>) -> Val<'v> {
        Val::Text(text.into())
    }

    pub(crate) fn list(items: Vec<Val<'v>>) -> Val<'v> {
        Val::List(List::Made(Rc::new(items)))
    }

    pub(crate) fn map(entries: Vec<(Val<'v>, Val<'v>)>) -> Val<'v> {
        Val::Map(MapVal::Made(Rc::new(entries)))
    }

    pub fn optional(inner: Option<Val<'v>>) -> Val<'v> {
        Val::Optional(inner.map(Rc::new))
    }

    pub(crate) fn literal(literal: &'v Literal) -> Val<'v> {
        match literal {
            Literal::Null => Val::Null,
            Literal::Bool(b) => Val::Bool(*b),
            Literal::Int(i) => Val::Int(*i),
            Literal::Uint(u) => Val::Uint(*u),
            Literal::Double(d) => Val::Double(*d),
            Literal::Text(text) => Val::Text(text.into()),
            Literal::Bytes(bytes) => Val::Bytes(bytes.into()),
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Val::Bool(b) = self { Some(*b) } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Val::Text(text) = self { Some(text) } else { None }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Val::Null)
    }

    /// What `type(...)` answers, and what messages call the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Val::Null => "null_type",
            Val::Bool(_) => "bool",
            Val::Int(_) => "int",
            Val::Uint(_) => "uint",
            Val::Double(_) => "double",
            Val::Text(_) => "string",
            Val::Bytes(_) => "bytes",
            Val::Timestamp(_) => "google.protobuf.Timestamp",
            Val::Duration(_) => "google.protobuf.Duration",
            Val::List(_) => "list",
            Val::Map(_) | Val::Variables => "map",
            Val::Type(_) => "type",
            Val::Optional(_) => "optional_type",
            Val::Quantity(_) => "kubernetes.Quantity",
            Val::Ip(_) => "net.IP",
            Val::Cidr(_) => "net.CIDR",
            Val::Url(_) => "kubernetes.URL",
            Val::Semver(_) => "kubernetes.Semver",
            Val::Format(_) => "kubernetes.NamedFormat",
            Val::Asking(asking) => asking.type_name(),
            Val::Decision(_) => "kubernetes.authorization.Decision",
        }
    }

    /// How many characters, bytes, items or entries there are; of what has no size, one.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Val::Text(text) => text.chars().count() as u64,
            Val::Bytes(bytes) => bytes.len() as u64,
            Val::List(list) => list.len() as u64,
            Val::Map(map) => map.len() as u64,
            Val::Optional(Some(inner)) => inner.size(),
            Val::Ip(ip) => octets(ip),
            Val::Cidr(cidr) => octets(&cidr.address),
            _ => 1,
        }
    }

    /// False, zero, or empty.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Val::Null => true,
            Val::Bool(b) => !b,
            Val::Int(i) => *i == 0,
            Val::Uint(u) => *u == 0,
            Val::Double(d) => *d == 0.0,
            Val::Duration(nanos) => *nanos == 0,
            Val::Text(text) => text.is_empty(),
            Val::Bytes(bytes) => bytes.is_empty(),
            Val::List(list) => list.len() == 0,
            Val::Map(map) => map.len() == 0,
            Val::Optional(inner) => inner.is_none(),
            _ => false,
        }
    }
}

fn octets(ip: &IpAddr) -> u64 {
    if ip.is_ipv4() { 4 } else { 16 }
}

fn of_text<'v>(text: &'v CompactString, shape: &Shape) -> Val<'v> {
    let typed = match shape {
        Shape::Bytes => bytes_of_text(text).map(|bytes| Val::Bytes(bytes.into())),
        Shape::Timestamp => times::parse_timestamp(text).map(Val::Timestamp),
        Shape::Date => times::parse_timestamp(&format!("{text}T00:00:00Z")).map(Val::Timestamp),
        Shape::Duration => times::parse_duration(text).map(Val::Duration),
        _ => None,
    };
    typed.unwrap_or(Val::Text(Cow::Borrowed(text)))
}

fn of_list<'v>(items: &'v [Value], shape: &'v Shape) -> List<'v> {
    match shape {
        Shape::List(item, kind) => List::Data { items, item, kind },
        _ => List::Data { items, item: &DYN, kind: &ATOMIC },
    }
}

impl<'v> List<'v> {
    pub fn len(&self) -> usize {
        match self {
            List::Data { items, .. } => items.len(),
            List::Made(items) => items.len(),
        }
    }

    pub fn get(&self, at: usize) -> Option<Val<'v>> {
        match self {
            List::Data { items, item, .. } => items.get(at).map(|value| Val::of(value, item)),
            List::Made(items) => items.get(at).cloned(),
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Val<'v>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl<'v> MapVal<'v> {
    pub fn len(&self) -> usize {
        match self {
            MapVal::Data { fields, .. } => fields.len(),
            MapVal::Made(entries) => entries.len(),
        }
    }

    pub fn keys(&self) -> Box<dyn Iterator<Item = Val<'v>> + '_> {
        match self {
            MapVal::Data { fields, kind: MapKind::Map(_) } => {
                Box::new(fields.keys().map(|name| Val::Text(Cow::Borrowed(name.as_str()))))
            }
            MapVal::Data { fields, kind: MapKind::Object(object) } => {
                let there = object.fields.iter().filter(|(_, field)| present(fields, &field.name).is_some());
                Box::new(there.map(|(name, _)| Val::Text(Cow::Borrowed(name.as_str()))))
            }
            MapVal::Made(entries) => Box::new(entries.iter().map(|(key, _)| key.clone())),
        }
    }

    pub fn field(&self, name: &str) -> Option<Val<'v>> {
        match self {
            MapVal::Data { fields, kind: MapKind::Map(decl) } => fields.get(name).map(|value| Val::of(value, decl)),
            MapVal::Data { fields, kind: MapKind::Object(object) } => {
                let field = object.fields.get(name)?;
                present(fields, &field.name).map(|value| Val::of(value, &field.decl))
            }
            MapVal::Made(entries) => {
                let found = entries.iter().find(|(key, _)| key.as_text() == Some(name));
                found.map(|(_, value)| value.clone())
            }
        }
    }

    pub fn get(&self, key: &Val<'v>) -> Option<Val<'v>> {
        match (self, key) {
            (_, Val::Text(name)) => self.field(name),
            (MapVal::Made(entries), key) => {
                entries.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }

    pub fn entries(&self) -> Vec<(Val<'v>, Val<'v>)> {
        match self {
            MapVal::Made(entries) => entries.to_vec(),
            data => data.keys().filter_map(|key| Some((key.clone(), data.get(&key)?))).collect(),
        }
    }
}

/// A declared field that is null is not there.
fn present<'v>(fields: &'v meta::Map, name: &str) -> Option<&'v Value> {
    fields.get(name).filter(|value| !value.is_null())
}
