//! The three ways a client says what to change: a list of operations (JSON patch), a sparse object (merge patch), and a
//! sparse object that knows how lists merge (strategic merge patch).
//!
//! A [`Patch`] is decoded once and applied to as many objects as a retried write needs.

mod json;
#[cfg(test)]
mod laws;
mod merge;
#[cfg(test)]
mod recorded;
mod strategic;
mod text;

pub use text::go_text;

use crate::Schema;
use meta::{Decoded, Reason, Status, Value};
use std::fmt;

/// As deep as a decoded document may be: operations must not build what could never have been sent.
const MAX_DEPTH: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Merge,
    Strategic,
}

/// A decoded patch, and what a client that wants to know about sloppy patches is told.
#[derive(Clone, Debug)]
pub struct Patch {
    content: Content,
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug)]
enum Content {
    Json(json::Operations),
    Merge(Value),
    Strategic(meta::Map),
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatchError {
    /// The body is no patch of its format.
    Malformed(String),
    TooLarge(String),
    /// A well-formed patch that does not fit the object. The text is for logs: upstream keeps it from the client.
    Inapplicable(String),
    /// A strategic patch that contradicts the schema; upstream answers as if the fault were its own.
    Unmergeable(String),
}

impl Format {
    pub fn of_content_type(content_type: &str) -> Option<Format> {
        match content_type {
            "application/json-patch+json" => Some(Format::Json),
            "application/merge-patch+json" => Some(Format::Merge),
            "application/strategic-merge-patch+json" => Some(Format::Strategic),
            _ => None,
        }
    }

    /// A body that is no JSON at all.
    pub fn syntax_error(self, why: &str, checked: bool) -> PatchError {
        match (self, checked) {
            (Format::Strategic, _) | (Format::Json, false) => PatchError::Malformed(why.to_string()),
            (Format::Merge, false) => PatchError::Malformed(merge::NOT_A_PATCH.into()),
            (_, true) => PatchError::Malformed(format!("error decoding patch: {why}")),
        }
    }
}

impl Patch {
    /// `checked` is whether the request asked for field validation (to warn or to refuse).
    pub fn decode(format: Format, body: Decoded, checked: bool) -> Result<Patch, PatchError> {
        let mut warnings = Vec::new();
        let content = match format {
            Format::Json => {
                let (operations, unknown) = json::Operations::decode(body.value, checked)?;
                let duplicate = body.duplicates.iter().map(|path| format!("duplicate field {path:?}"));
                warnings.extend(unknown.into_iter().chain(duplicate).map(|text| format!("json patch {text}")));
                Content::Json(operations)
            }
            Format::Merge => Content::Merge(merge::decode(body.value, checked)?),
            Format::Strategic => Content::Strategic(strategic::decode(body.value)?),
        };
        if format != Format::Json {
            warnings.extend(body.duplicates.iter().map(|path| format!("duplicate field {path:?}")));
        }
        Ok(Patch { content, warnings })
    }

    /// The changed object: not yet defaulted, pruned or validated; where a patch set null, null stands.
    pub fn apply(&self, schema: &Schema, object: Value) -> Result<Value, PatchError> {
        match &self.content {
            Content::Json(operations) => operations.apply(object),
            Content::Merge(patch) => Ok(merge::apply(object, patch.clone())),
            Content::Strategic(patch) => strategic::apply(schema, object, patch.clone()),
        }
    }

    pub fn is_strategic(&self) -> bool {
        matches!(self.content, Content::Strategic(_))
    }

    /// Whether this field of an object can have become another.
    pub fn touches(&self, field: &str) -> bool {
        match &self.content {
            // A directive names no field and may change any.
            Content::Strategic(patch) => patch.contains(field) || patch.keys().any(|name| name.starts_with('$')),
            Content::Json(_) | Content::Merge(_) => true,
        }
    }

    /// What messages show of a patch that made this JSON: a strategic one itself, else what it made.
    pub fn shown(&self, patched: &str) -> String {
        match &self.content {
            Content::Strategic(patch) => go_text(&Value::Map(patch.clone())),
            Content::Json(_) | Content::Merge(_) => patched.to_owned(),
        }
    }
}

impl PatchError {
    pub fn to_status(&self) -> Status {
        match self {
            PatchError::Malformed(message) => Status::bad_request(message),
            PatchError::TooLarge(message) => Status::too_large(message),
            PatchError::Inapplicable(_) => {
                let message = "the server rejected our request due to an error in our request";
                Status { details: Some(Box::default()), ..Status::failure(Reason::Invalid, message) }
            }
            PatchError::Unmergeable(message) => {
                Status { reason: Default::default(), ..Status::failure(Reason::InternalError, message) }
            }
        }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatchError::Malformed(text)
            | PatchError::TooLarge(text)
            | PatchError::Inapplicable(text)
            | PatchError::Unmergeable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for PatchError {}

/// How many levels of lists and maps a value has.
fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(fields) => 1 + fields.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}
