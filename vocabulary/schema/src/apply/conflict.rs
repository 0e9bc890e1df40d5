//! Why an apply was refused.

use super::owners::{Entry, Operation};
use super::set::{Set, path_text};
use meta::{Cause, CompactString, Reason, Status};
use std::collections::BTreeMap;
use std::fmt;

/// A field that the configuration would change and that another manager owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub(super) identity: String,
    pub(super) path: Vec<CompactString>,
    /// The owner as messages name it: `"kubectl" using v1`.
    pub manager: String,
    /// `.spec.replicas`
    pub field: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ApplyError {
    BadRequest(String),
    Conflicts(Vec<Conflict>),
    /// What upstream answers as if the fault were its own, such as a field that the schema does not declare.
    Failed(String),
}

impl Conflict {
    pub(super) fn of(owner: &Entry, fields: &Set) -> impl Iterator<Item = Conflict> {
        let (identity, manager) = (owner.identity(), shown(owner));
        fields.paths().into_iter().map(move |path| Conflict {
            identity: identity.clone(),
            manager: manager.clone(),
            field: path_text(&path),
            path,
        })
    }
}

fn shown(owner: &Entry) -> String {
    let mut text = format!("{:?}", owner.manager.as_str());
    if !owner.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", owner.subresource.as_str()));
    }
    if owner.operation == Operation::Update {
        text.push_str(&format!(" using {}", owner.api_version));
    }
    text
}

impl ApplyError {
    pub fn to_status(&self) -> Status {
        match self {
            ApplyError::BadRequest(message) => Status::bad_request(message),
            ApplyError::Conflicts(conflicts) => {
                Status::apply_conflict(conflicts.iter().map(cause).collect(), self.to_string())
            }
            ApplyError::Failed(message) => {
                Status { reason: CompactString::default(), ..Status::failure(Reason::InternalError, message) }
            }
        }
    }
}

fn cause(conflict: &Conflict) -> Cause {
    Cause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with {}", conflict.manager),
        field: conflict.field.clone(),
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApplyError::BadRequest(message) | ApplyError::Failed(message) => f.write_str(message),
            ApplyError::Conflicts(conflicts) => match conflicts.as_slice() {
                [one] => write!(f, "Apply failed with 1 conflict: conflict with {}: {}", one.manager, one.field),
                many => write_conflicts(many, f),
            },
        }
    }
}

fn write_conflicts(conflicts: &[Conflict], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut by_owner: BTreeMap<&str, Vec<&Conflict>> = BTreeMap::new();
    for conflict in conflicts {
        by_owner.entry(&conflict.identity).or_default().push(conflict);
    }
    let mut lines = Vec::new();
    for group in by_owner.values() {
        lines.push(format!("conflicts with {}:", group[0].manager));
        lines.extend(group.iter().map(|conflict| format!("- {}", conflict.field)));
    }
    write!(f, "Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

impl std::error::Error for ApplyError {}
