//! What a decoding notes on its way, and where it stands.

use super::scalar::{Refusal, Words};
use super::{DecodeError, Decoded};
use crate::{Field, Shape, StructType, TypeId, Types};
use meta::{Value, quote};
use std::cell::RefCell;
use std::fmt::Write;

/// Upstream stops counting here.
const MOST_STRICT: usize = 100;

pub(super) struct Context<'t> {
    pub types: &'t Types,
    notes: RefCell<Notes>,
}

#[derive(Default)]
struct Notes {
    strict: Vec<String>,
    /// The first value that did not fit; decoding goes on, for a later one may be fatal.
    mismatch: Option<String>,
    fatal: Option<String>,
}

/// Where a value stands: frames of the stack, so that a path is made only for a message.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    Root,
    Field { up: &'p Place<'p>, holder: TypeId, field: &'p Field },
    Key(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
}

pub(super) fn strict(what: &str, path: &str) -> String {
    format!("{what} field {}", quote(path))
}

impl<'t> Context<'t> {
    pub fn new(types: &'t Types) -> Context<'t> {
        Context { types, notes: RefCell::default() }
    }

    pub fn unknown(&self, place: &Place<'_>, name: &str) {
        self.note(strict("unknown", &place.path_to(name)));
    }

    pub fn repeated(&self, place: &Place<'_>, name: &str) {
        self.note(strict("duplicate", &place.path_to(name)));
    }

    fn note(&self, text: String) {
        let strict = &mut self.notes.borrow_mut().strict;
        if strict.len() < MOST_STRICT && !strict.contains(&text) {
            strict.push(text);
        }
    }

    /// Keeps the refusal of a value; whether decoding has to end.
    pub fn refuse(&self, refusal: Refusal, id: TypeId, place: &Place<'_>) -> bool {
        let text = match refusal.words {
            Words::Text(text) => text,
            Words::Type { given, wanted } => {
                let wanted = wanted.map_or_else(|| go_type(self.types, id), str::to_string);
                format!("json: cannot unmarshal {given} into {} of type {wanted}", self.target(place))
            }
        };
        let mut notes = self.notes.borrow_mut();
        match refusal.fatal {
            true => notes.fatal = Some(text),
            false => _ = notes.mismatch.get_or_insert(text),
        }
        refusal.fatal
    }

    fn target(&self, place: &Place<'_>) -> String {
        match place.holder() {
            Some(holder) => {
                format!("Go struct field {}.{}", struct_name(self.types, holder), place.go_path(self.types))
            }
            None => "Go value".to_string(),
        }
    }

    pub fn finish(self, read: Result<Value, String>) -> Result<Decoded, DecodeError> {
        let notes = self.notes.into_inner();
        match (notes.fatal.or(notes.mismatch), read) {
            (Some(text), _) | (None, Err(text)) => Err(DecodeError::Mismatch(text)),
            (None, Ok(value)) => Ok(Decoded { value, strict: notes.strict }),
        }
    }
}

impl Place<'_> {
    fn up(&self) -> Option<&Place<'_>> {
        match self {
            Place::Root => None,
            Place::Field { up, .. } | Place::Key(up, _) | Place::Index(up, _) => Some(up),
        }
    }

    /// The innermost struct around this place.
    fn holder(&self) -> Option<TypeId> {
        match self {
            Place::Field { holder, .. } => Some(*holder),
            other => other.up()?.holder(),
        }
    }

    /// The path of a field below, as strict errors show it.
    fn path_to(&self, name: &str) -> String {
        let mut path = String::new();
        self.write_path(&mut path);
        push_dotted(&mut path, name);
        path
    }

    fn write_path(&self, out: &mut String) {
        if let Some(up) = self.up() {
            up.write_path(out);
        }
        match self {
            Place::Root => {}
            Place::Field { field, .. } => push_dotted(out, &field.name),
            Place::Key(_, key) => push_dotted(out, key),
            Place::Index(_, index) => _ = write!(out, "[{index}]"),
        }
    }

    /// The path as type errors show it: fields and the embedded structs that hold them, no keys and indexes.
    fn go_path(&self, types: &Types) -> String {
        let mut path = self.up().map_or_else(String::new, |up| up.go_path(types));
        if let Place::Field { holder, field, .. } = self {
            if let Some(holder) = types.node(*holder).as_struct() {
                push_inlines(&mut path, holder, field.inline);
            }
            push_dotted(&mut path, &field.name);
        }
        path
    }
}

fn push_dotted(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

fn push_inlines(path: &mut String, holder: &StructType, inline: Option<u8>) {
    if let Some(inline) = inline.and_then(|index| holder.inlines.get(usize::from(index))) {
        push_inlines(path, holder, inline.within);
        push_dotted(path, &inline.go);
    }
}

fn struct_name(types: &Types, id: TypeId) -> &str {
    let name = types.node(id).name.as_deref().unwrap_or("");
    name.rsplit('.').next().unwrap_or(name)
}

/// How Go prints the type: `[]v1.Container`.
pub(super) fn go_type(types: &Types, id: TypeId) -> String {
    let node = types.node(id);
    if let Some(go) = &node.go {
        return go.to_string();
    }
    match &node.shape {
        Shape::Bool => "bool".into(),
        Shape::Int32 => "int32".into(),
        Shape::Int64 => "int64".into(),
        Shape::Float => "float64".into(),
        Shape::Bytes => "[]uint8".into(),
        Shape::List { item, .. } => format!("[]{}", go_type(types, *item)),
        Shape::Map { value, .. } => format!("map[string]{}", go_type(types, *value)),
        Shape::Struct(_) => packaged(node.name.as_deref().unwrap_or("struct {}")),
        _ => "string".into(),
    }
}

/// `io.k8s.api.core.v1.PodSpec` as Go prints it: `v1.PodSpec`.
fn packaged(name: &str) -> String {
    let mut last = name.rsplitn(3, '.');
    match (last.next(), last.next()) {
        (Some(name), Some(package)) => format!("{package}.{name}"),
        _ => name.to_string(),
    }
}
