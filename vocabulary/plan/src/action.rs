//! One thing to do. Whoever applies a plan does its actions in order, with one freedom: neighbouring creations of one
//! resource, and neighbouring deletions of one, are equals, and may be done side by side.

use crate::{Resource, with_type};
use k8s_openapi::api::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec};
use meta::{CompactString, Gvr, Key, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create {
        resource: Gvr,
        namespace: CompactString,
        object: Value,
    },
    /// A whole replacement; its resource version guards it.
    Update {
        resource: Gvr,
        key: Key,
        subresource: &'static str,
        object: Value,
    },
    /// A JSON merge patch; put `metadata.uid` or `metadata.resourceVersion` in it to guard it.
    Merge {
        resource: Gvr,
        key: Key,
        subresource: &'static str,
        patch: Value,
    },
    Delete {
        resource: Gvr,
        key: Key,
        options: Deletion,
    },
    /// Everything of a resource in a namespace, with dependents following in the background.
    DeleteAll {
        resource: Gvr,
        namespace: CompactString,
    },
    /// Creation of a subresource's own object, such as a pod's binding.
    Post {
        resource: Gvr,
        key: Key,
        subresource: &'static str,
        object: Value,
    },
    /// Ask the server, not a cache, before anything that cannot be taken back: where the fact does not hold, the rest of
    /// the plan is dropped and the key is looked at again.
    Confirm(Fact),
}

/// What was seen and must still be so.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// No object of this uid stands there; without a uid, none at all.
    Absent { resource: Gvr, key: Key, uid: Option<CompactString> },
    /// The object of this uid stands there and is not being deleted.
    Alive { resource: Gvr, key: Key, uid: CompactString },
    /// The namespace holds nothing of the resource.
    Empty { resource: Gvr, namespace: CompactString },
    /// Somebody may do something: `review` asks whether. Where not, that is a refusal like any other.
    Allowed { resource: Gvr, review: Value },
}

impl Fact {
    pub fn allowed(spec: SubjectAccessReviewSpec) -> Fact {
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        Fact::Allowed { resource: SubjectAccessReview::gvr(), review: with_type(&review) }
    }
}

/// How to delete, and what must still be so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deletion {
    pub uid: Option<CompactString>,
    pub resource_version: Option<CompactString>,
    pub propagation: Option<Propagation>,
    pub grace_seconds: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Orphan,
    Background,
    Foreground,
}

impl Action {
    pub fn resource(&self) -> &Gvr {
        match self {
            Action::Create { resource, .. }
            | Action::Update { resource, .. }
            | Action::Merge { resource, .. }
            | Action::Delete { resource, .. }
            | Action::DeleteAll { resource, .. }
            | Action::Post { resource, .. } => resource,
            Action::Confirm(
                Fact::Absent { resource, .. }
                | Fact::Alive { resource, .. }
                | Fact::Empty { resource, .. }
                | Fact::Allowed { resource, .. },
            ) => resource,
        }
    }

    /// The verb that a role must grant, and the subresource it is for.
    pub fn verb(&self) -> (&'static str, &'static str) {
        match self {
            Action::Create { .. } => ("create", ""),
            Action::Update { subresource, .. } => ("update", subresource),
            Action::Merge { subresource, .. } => ("patch", subresource),
            Action::Delete { .. } => ("delete", ""),
            Action::DeleteAll { .. } => ("deletecollection", ""),
            Action::Post { subresource, .. } => ("create", subresource),
            Action::Confirm(Fact::Empty { .. }) => ("list", ""),
            Action::Confirm(Fact::Allowed { .. }) => ("create", ""),
            Action::Confirm(_) => ("get", ""),
        }
    }

    /// Takes out what it brings: what is left still says what it is about.
    pub fn take_body(&mut self) -> Value {
        match self {
            Action::Create { object: body, .. }
            | Action::Update { object: body, .. }
            | Action::Post { object: body, .. }
            | Action::Merge { patch: body, .. } => std::mem::take(body),
            Action::Delete { .. } | Action::DeleteAll { .. } | Action::Confirm(_) => Value::Null,
        }
    }

    /// Whether `next` may be done side by side with this one.
    pub fn is_equal_of(&self, next: &Action) -> bool {
        match (self, next) {
            (Action::Create { resource, .. }, Action::Create { resource: other, .. })
            | (Action::Delete { resource, .. }, Action::Delete { resource: other, .. }) => resource == other,
            (Action::DeleteAll { .. }, Action::DeleteAll { .. }) => true,
            (Action::Confirm(_), Action::Confirm(_)) => true,
            _ => false,
        }
    }
}
