//! The words of the tables of types: shapes, flags, embedded structs.

use meta::{CompactString, Map, Value, value};
use schema::{Inline, ListKind, MapKind, PatchMerge, SchemaOr, Shape, StructType, TypeId};

/// What stands after a field's number.
#[derive(Default)]
pub struct Flags<'t> {
    pub required: bool,
    pub always: bool,
    pub default: Option<Value>,
    pub list: Option<&'t str>,
    pub map: Option<&'t str>,
    pub patch: Option<&'t str>,
    pub values: Vec<&'t str>,
}

impl<'t> Flags<'t> {
    pub fn parse(words: impl Iterator<Item = &'t str>) -> Flags<'t> {
        let mut flags = Flags::default();
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("required", _) => flags.required = true,
                ("always", _) => flags.always = true,
                ("default", text) => flags.default = meta::parse(text.as_bytes()).ok(),
                ("list", text) => flags.list = Some(text),
                ("map", text) => flags.map = Some(text),
                ("patch", text) => flags.patch = Some(text),
                ("enum", text) => flags.values = text.split('|').collect(),
                (other, _) => panic!("the tables of facts have an unknown flag {other}"),
            }
        }
        flags
    }

    /// What is said of a list's items or a map's values.
    pub fn of_values(&self) -> Flags<'t> {
        Flags { values: self.values.clone(), ..Flags::default() }
    }

    pub fn list_kind(&self) -> ListKind {
        match self.list {
            Some("set") => ListKind::Set,
            Some(text) => match text.strip_prefix("map:") {
                Some(keys) => ListKind::Map(keys.split(',').map(CompactString::from).collect()),
                None => ListKind::Atomic,
            },
            None => ListKind::Atomic,
        }
    }

    pub fn patch_merge(&self) -> Option<PatchMerge> {
        let (strategy, key) = self.patch.map(|patch| patch.split_once(':').unwrap_or((patch, "")))?;
        let merges = strategy.split(',').any(|word| word == "merge");
        merges.then(|| PatchMerge { key: (!key.is_empty()).then(|| key.into()) })
    }
}

/// `atomic`, `union=type:localhostProfile=LocalhostProfile`
pub fn declared(words: &[&str]) -> StructType {
    let unions = words.iter().filter_map(|word| word.strip_prefix("union=")?.split_once(':'));
    let union = |(discriminator, fields): (&str, &str)| {
        let fields: Map = fields.split(',').filter_map(|field| field.split_once('=')).collect();
        value!({"discriminator": discriminator, "fields-to-discriminateBy": fields})
    };
    let kind = if words.contains(&"atomic") { MapKind::Atomic } else { MapKind::Granular };
    StructType { kind, unions: unions.map(union).collect(), ..StructType::default() }
}

pub fn opaque(word: &str) -> Shape {
    match word {
        "no fields" => Shape::Struct(StructType::default()),
        "quantity" => Shape::Quantity,
        "int-or-string" => Shape::IntOrString,
        "time" => Shape::Time,
        "micro-time" => Shape::MicroTime,
        "duration" => Shape::Duration,
        "schema-or bool" => Shape::SchemaOr(SchemaOr::Bool, TypeId::default()),
        "schema-or list" => Shape::SchemaOr(SchemaOr::List, TypeId::default()),
        "schema-or strings" => Shape::SchemaOr(SchemaOr::Strings, TypeId::default()),
        _ => Shape::Any,
    }
}

/// `RuleWithOperations 2`, `Rule 2 RuleWithOperations`
pub fn embedded(line: &str, known: &[Inline]) -> Inline {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_default();
    Inline { go: next().into(), tag: next().parse().unwrap_or(0), within: position(next(), known) }
}

pub fn position(name: &str, inlines: &[Inline]) -> Option<u8> {
    inlines.iter().position(|inline| inline.go == name).map(|index| index as u8)
}

pub fn scalar(word: &str) -> Option<Shape> {
    Some(match word {
        "string" => Shape::Str,
        "bytes" => Shape::Bytes,
        "bool" => Shape::Bool,
        "int32" => Shape::Int32,
        "int64" => Shape::Int64,
        "float" => Shape::Float,
        "any" | "object" => Shape::Any,
        _ => return None,
    })
}
