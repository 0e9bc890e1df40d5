//! Parts of an object that are spoken to: their parameters are the fields of their options' type.

use super::Kind;
use super::operation::{Answer, BOOLEAN, INTEGER, Operation, Parameter, STRING};
use super::words::{self, ANY, LOGS};
use kinds::{Subresource, Verb};
use meta::{CompactString, Gvk};
use schema::{Schema, Shape, TypeId};

/// Verbs with the methods that upstream calls them by.
const METHODS: [(Verb, &str); 5] = [
    (Verb::Get, "get"),
    (Verb::Create, "post"),
    (Verb::Update, "put"),
    (Verb::Patch, "patch"),
    (Verb::Delete, "delete"),
];
/// What takes every verb takes these methods, too.
const PROXIED: [&str; 2] = ["head", "options"];
/// The log is read like an object, with options of its own.
const LOG: (&str, &str) = ("log", "core.v1.PodLogOptions");

/// The type of the options of a part that is spoken to.
pub fn options(sub: &Subresource) -> Option<Schema> {
    match &sub.kind {
        Some(kind) if kind.kind.ends_with("Options") => kinds::schema_of(&short_name(kind)),
        None if sub.name == LOG.0 => kinds::schema_of(LOG.1),
        _ => None,
    }
}

/// A type by its name in the tables.
pub fn short_name(kind: &Gvk) -> String {
    let group = kind.group.split('.').next().unwrap_or("");
    format!("{}.{}.{}", if group.is_empty() { "core" } else { group }, kind.version, kind.kind)
}

/// A type by its name in documents.
pub fn full_name(kind: &Gvk) -> CompactString {
    let short = short_name(kind);
    let named = kinds::schema_of(&short).and_then(|schema| schema.node().name.clone());
    named.unwrap_or_else(|| short.into())
}

pub fn add(kind: &mut Kind<'_>, path: &str, sub: &Subresource, options: &Schema) {
    let log = sub.name == LOG.0;
    let methods = methods(sub);
    let said = |suffix: &str| -> Vec<Operation> {
        methods.iter().map(|http| operation(kind, http, sub, log, suffix, parameters(options))).collect()
    };
    let (here, below) = (said(""), said("WithPath"));
    kind.paths.put(path, &here);
    if parameters(options).iter().any(|parameter| parameter.is("path")) {
        kind.paths.put(&format!("{path}/{{path}}"), &below);
    }
}

fn methods(sub: &Subresource) -> Vec<&'static str> {
    let mut methods: Vec<&str> =
        METHODS.iter().filter(|(verb, _)| sub.verbs.contains(verb)).map(|(_, http)| *http).collect();
    if methods.len() == METHODS.len() {
        methods.extend(PROXIED);
    }
    methods
}

fn operation(
    kind: &Kind<'_>,
    http: &'static str,
    sub: &Subresource,
    log: bool,
    suffix: &str,
    parameters: Vec<Parameter>,
) -> Operation {
    let (own, part) = (&kind.def.names.kind, words::capital(&sub.name));
    let (word, middle, description) = match log {
        true => ("read", String::new(), format!("read {} of the specified {own}", sub.name)),
        false => {
            let method = http.to_uppercase();
            ("connect", words::capital(http), format!("connect {method} requests to {} of {own}", sub.name))
        }
    };
    let options = sub.kind.as_ref().map_or(own, |options| &options.kind);
    Operation {
        http,
        action: if log { "get" } else { "connect" },
        tag: kind.tag(),
        id: kind.id(word, &middle, kind.def.namespaced(), &format!("{part}{suffix}")),
        description,
        parameters,
        body: None,
        answer: Answer::Text,
        codes: &[200],
        produces: if log { LOGS } else { ANY },
        gvk: Some(kind.gvk(options)),
    }
}

/// The fields of the options that a query can hold, but for what says which type they are.
fn parameters(options: &Schema) -> Vec<Parameter> {
    let fields = options.node().as_struct().map(|fields| fields.fields.as_slice()).unwrap_or_default();
    let own = fields.iter().filter(|field| !matches!(field.name.as_str(), "apiVersion" | "kind"));
    own.filter_map(|field| Some(Parameter::query(&field.name, word(options, field.node)?))).collect()
}

fn word(options: &Schema, id: TypeId) -> Option<&'static str> {
    match &options.types.node(id).shape {
        Shape::Bool => Some(BOOLEAN),
        Shape::Int32 | Shape::Int64 => Some(INTEGER),
        Shape::Str => Some(STRING),
        Shape::List { item, .. } => word(options, *item),
        _ => None,
    }
}
