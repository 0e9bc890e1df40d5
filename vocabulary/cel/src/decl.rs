//! What is declared about data: the type of a variable down to its fields, and how large it may be.

use crate::parser::RESERVED;
use crate::types::Type;
use meta::CompactString;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Decl {
    pub shape: Shape,
    /// The most characters or items that it may have.
    pub most: u64,
}

#[derive(Clone, Debug)]
pub enum Shape {
    /// Whatever the data is.
    Dyn,
    Bool,
    Int,
    Double,
    Text,
    /// Base64 in the data.
    Bytes,
    /// RFC 3339 in the data.
    Timestamp,
    /// Only the day is in the data.
    Date,
    Duration,
    Object(Arc<Object>),
    /// Its keys are texts.
    Map(Arc<Decl>),
    List(Arc<Decl>, ListKind),
    /// No data: what an expression or the evaluation itself makes.
    Made(Type),
}

/// How items of a list are told apart, which decides how lists are compared and added.
#[derive(Clone, Debug, PartialEq)]
pub enum ListKind {
    Atomic,
    Set,
    Map(Arc<[CompactString]>),
}

#[derive(Clone, Debug, Default)]
pub struct Object {
    pub name: String,
    /// By the name that expressions use.
    pub fields: BTreeMap<String, Field>,
}

#[derive(Clone, Debug)]
pub struct Field {
    /// The name in the data.
    pub name: CompactString,
    pub decl: Decl,
}

pub(crate) static DYN: Decl = Decl { shape: Shape::Dyn, most: u64::MAX };

impl Decl {
    pub fn new(shape: Shape) -> Decl {
        Decl { shape, most: u64::MAX }
    }

    pub fn at_most(self, most: u64) -> Decl {
        Decl { most, ..self }
    }

    /// An object whose fields are texts, objects and so on, by their names in the data.
    pub fn object(name: &str, fields: impl IntoIterator<Item = (&'static str, Decl)>) -> Decl {
        let fields =
            fields.into_iter().filter_map(|(name, decl)| Some((escape(name)?, Field { name: name.into(), decl })));
        Decl::new(Shape::Object(Arc::new(Object { name: name.into(), fields: fields.collect() })))
    }

    /// As [`Decl::object`], of names that are found out.
    pub fn made_of(name: &str, fields: Vec<(String, Decl)>) -> Decl {
        let fields = fields.into_iter().map(|(known, decl)| (known.clone(), Field { name: known.into(), decl }));
        Decl::new(Shape::Object(Arc::new(Object { name: name.into(), fields: fields.collect() })))
    }

    pub fn list(item: Decl) -> Decl {
        Decl::new(Shape::List(Arc::new(item), ListKind::Atomic))
    }

    pub fn map(value: Decl) -> Decl {
        Decl::new(Shape::Map(Arc::new(value)))
    }

    pub fn kind(&self) -> Type {
        match &self.shape {
            Shape::Dyn => Type::Dyn,
            Shape::Bool => Type::Bool,
            Shape::Int => Type::Int,
            Shape::Double => Type::Double,
            Shape::Text => Type::Text,
            Shape::Bytes => Type::Bytes,
            Shape::Timestamp | Shape::Date => Type::Timestamp,
            Shape::Duration => Type::Duration,
            Shape::Object(object) => Type::Object(object.clone()),
            Shape::Map(value) => Type::map(Type::Text, value.kind()),
            Shape::List(item, _) => Type::list(item.kind()),
            Shape::Made(kind) => kind.clone(),
        }
    }

    pub(crate) fn item(&self) -> Option<&Decl> {
        match &self.shape {
            Shape::List(item, _) | Shape::Map(item) => Some(item),
            _ => None,
        }
    }
}

/// A field's name as expressions write it; None where they cannot name it.
pub fn escape(name: &str) -> Option<String> {
    let first = name.chars().next()?;
    if first.is_ascii_digit() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
    {
        return None;
    }
    if RESERVED.contains(&name) || matches!(name, "true" | "false" | "null" | "in") {
        return Some(format!("__{name}__"));
    }
    let plain = name.replace("__", "__underscores__");
    Some(plain.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__"))
}

/// Whether a text may be a variable's name.
pub fn is_identifier(text: &str) -> bool {
    let word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word && !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !RESERVED.contains(&text)
        && !matches!(text, "true" | "false" | "null" | "in")
}
