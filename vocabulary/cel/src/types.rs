//! The types that the checker knows, and which value may stand where which type is asked for.

use crate::decl::Object;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Type {
    Dyn,
    /// Of what is wrong already: nothing more is said about it.
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Timestamp,
    Duration,
    /// Found out from how it is used.
    Param(Arc<str>),
    List(Arc<Type>),
    Map(Arc<(Type, Type)>),
    Object(Arc<Object>),
    /// One that functions alone look into.
    Opaque(Arc<str>, Arc<[Type]>),
    Type(Option<Arc<Type>>),
}

impl Type {
    pub fn list(item: Type) -> Type {
        Type::List(Arc::new(item))
    }

    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new((key, value)))
    }

    pub fn opaque(name: &str) -> Type {
        Type::Opaque(name.into(), Arc::new([]))
    }

    pub fn optional(of: Type) -> Type {
        Type::Opaque(OPTIONAL.into(), Arc::new([of]))
    }

    pub(crate) fn is_dyn(&self) -> bool {
        matches!(self, Type::Dyn)
    }

    pub(crate) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Type::Dyn | Type::Error)
    }

    /// What an optional holds; any other type as it is.
    pub(crate) fn unwrapped(&self) -> (Type, bool) {
        match self {
            Type::Opaque(name, of) if &**name == OPTIONAL => (of[0].clone(), true),
            other => (other.clone(), false),
        }
    }

    /// The type as the language writes it, where messages have shorter names for some.
    pub fn declared(&self) -> String {
        match self {
            Type::Timestamp => "google.protobuf.Timestamp".into(),
            Type::Duration => "google.protobuf.Duration".into(),
            Type::Null => "null_type".into(),
            Type::List(item) => format!("list({})", item.declared()),
            Type::Map(of) => format!("map({}, {})", of.0.declared(), of.1.declared()),
            Type::Type(Some(of)) => format!("type({})", of.declared()),
            Type::Opaque(name, of) if !of.is_empty() => {
                format!("{name}({})", of.iter().map(Type::declared).collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }
    }
}

pub(crate) const OPTIONAL: &str = "optional_type";

impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Param(a), Type::Param(b)) => a == b,
            (Type::List(a), Type::List(b)) => a == b,
            (Type::Map(a), Type::Map(b)) => a == b,
            (Type::Object(a), Type::Object(b)) => a.name == b.name,
            (Type::Opaque(a, of), Type::Opaque(b, other)) => a == b && of == other,
            (Type::Type(a), Type::Type(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && !self.has_parts(),
        }
    }
}

impl Type {
    fn has_parts(&self) -> bool {
        matches!(
            self,
            Type::Param(_) | Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Opaque(..) | Type::Type(_)
        )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dyn => f.write_str("dyn"),
            Type::Error => f.write_str("!error!"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Uint => f.write_str("uint"),
            Type::Double => f.write_str("double"),
            Type::Text => f.write_str("string"),
            Type::Bytes => f.write_str("bytes"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Duration => f.write_str("duration"),
            Type::Param(name) => f.write_str(name),
            Type::List(item) => write!(f, "list({item})"),
            Type::Map(of) => write!(f, "map({}, {})", of.0, of.1),
            Type::Object(object) => f.write_str(&object.name),
            Type::Opaque(name, of) if of.is_empty() => f.write_str(name),
            Type::Opaque(name, of) => {
                write!(f, "{name}({})", of.iter().map(Type::to_string).collect::<Vec<_>>().join(", "))
            }
            Type::Type(None) => f.write_str("type"),
            Type::Type(Some(of)) => write!(f, "type({of})"),
        }
    }
}

/// What is known about type parameters.
#[derive(Clone, Default)]
pub(crate) struct Known(HashMap<Arc<str>, Type>);

impl Known {
    pub fn add(&mut self, param: Arc<str>, found: Type) {
        self.0.insert(param, found);
    }

    /// The type with all that is known put in; what is not known stays, or may be anything.
    pub fn put_in(&self, of: &Type, unknown_is_dyn: bool) -> Type {
        let inner = |part: &Type| self.put_in(part, unknown_is_dyn);
        match of {
            Type::Param(name) => match self.0.get(name) {
                Some(found) => inner(found),
                None if unknown_is_dyn => Type::Dyn,
                None => of.clone(),
            },
            Type::List(item) => Type::list(inner(item)),
            Type::Map(parts) => Type::map(inner(&parts.0), inner(&parts.1)),
            Type::Opaque(name, parts) => Type::Opaque(name.clone(), parts.iter().map(inner).collect()),
            Type::Type(Some(part)) => Type::Type(Some(Arc::new(inner(part)))),
            other => other.clone(),
        }
    }

    /// Whether a value of `given` may stand where `wanted` is asked for. What is learned by it is kept if so.
    pub fn accepts(&mut self, given: &Type, wanted: &Type) -> bool {
        self.accepts_all(std::slice::from_ref(given), std::slice::from_ref(wanted))
    }

    pub fn accepts_all(&mut self, given: &[Type], wanted: &[Type]) -> bool {
        let mut tried = self.clone();
        let holds = tried.fit_all(given, wanted);
        if holds {
            *self = tried;
        }
        holds
    }

    fn fit_all(&mut self, a: &[Type], b: &[Type]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.fit(a, b))
    }

    fn fit(&mut self, a: &Type, b: &Type) -> bool {
        if let Type::Param(name) = b {
            match self.stands_for(a, name) {
                Some(true) => return true,
                Some(false) if self.0.contains_key(name) => return false,
                _ => {}
            }
        }
        if let Type::Param(name) = a {
            return self.stands_for(b, name) == Some(true);
        }
        match (a, b) {
            _ if a.is_dyn_or_error() || b.is_dyn_or_error() => true,
            (Type::Null, other) | (other, Type::Null) => is_nullable(other),
            (Type::List(a), Type::List(b)) => self.fit(a, b),
            (Type::Map(a), Type::Map(b)) => self.fit(&a.0, &b.0) && self.fit(&a.1, &b.1),
            (Type::Opaque(a, of), Type::Opaque(b, other)) => a == b && self.fit_all(of, other),
            (Type::Type(_), Type::Type(_)) => true,
            _ => a == b,
        }
    }

    /// Whether a parameter may be this type; None: not, and nothing is known of it.
    fn stands_for(&mut self, found: &Type, param: &Arc<str>) -> Option<bool> {
        if matches!(found, Type::Param(name) if name == param) {
            return Some(true);
        }
        if let Some(known) = self.0.get(param).cloned() {
            if *found == known {
                return Some(true);
            }
            if !self.fit(found, &known) {
                return Some(false);
            }
            let wider = most_general(found, &known).clone();
            if !self.refers(param, &wider) {
                self.0.insert(param.clone(), wider);
            }
            return Some(true);
        }
        if self.refers(param, found) {
            return None;
        }
        self.0.insert(param.clone(), found.clone());
        Some(true)
    }

    fn refers(&self, param: &Arc<str>, within: &Type) -> bool {
        match within {
            Type::Param(name) if name == param => true,
            Type::Param(name) => self.0.get(name).is_some_and(|found| self.refers(param, found)),
            Type::List(item) => self.refers(param, item),
            Type::Map(of) => self.refers(param, &of.0) || self.refers(param, &of.1),
            Type::Opaque(_, of) => of.iter().any(|part| self.refers(param, part)),
            Type::Type(Some(of)) => self.refers(param, of),
            _ => false,
        }
    }
}

fn is_nullable(of: &Type) -> bool {
    matches!(of, Type::Null | Type::Opaque(..) | Type::Object(_) | Type::Duration | Type::Timestamp)
}

pub(crate) fn most_general<'t>(a: &'t Type, b: &'t Type) -> &'t Type {
    if is_as_general(a, b) { a } else { b }
}

fn is_as_general(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(a), Type::List(b)) => is_as_general(a, b),
        (Type::Map(a), Type::Map(b)) => is_as_general(&a.0, &b.0) && is_as_general(&a.1, &b.1),
        (Type::Opaque(a, of), Type::Opaque(b, other)) => {
            a == b && of.len() == other.len() && of.iter().zip(other.iter()).all(|(a, b)| is_as_general(a, b))
        }
        (Type::Type(_), Type::Type(_)) => true,
        _ => a == b,
    }
}
