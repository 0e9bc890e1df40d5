//! What a decision answers: actions in order, when to look again, and why.

use crate::Resource;
use jiff::SignedDuration;
use meta::{CompactString, Gvr, Key, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create { resource: Gvr, namespace: CompactString, object: Value },
    /// A whole replacement; its resource version guards it.
    Update { resource: Gvr, key: Key, subresource: &'static str, object: Value },
    /// A JSON merge patch; put `metadata.uid` or `metadata.resourceVersion` in it to guard it.
    Merge { resource: Gvr, key: Key, subresource: &'static str, patch: Value },
    Delete { resource: Gvr, key: Key, uid: Option<CompactString>, propagation: Option<Propagation>, grace_seconds: Option<i64> },
    /// Creation of a subresource's own object, such as a pod's binding.
    Post { resource: Gvr, key: Key, subresource: &'static str, object: Value },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Orphan,
    Background,
    Foreground,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    Normal,
    Warning,
}

/// Something to tell users about an object, as `kubectl describe` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub about: Value,
    pub kind: EventType,
    pub reason: CompactString,
    pub message: String,
}

/// Why something was or was not done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub lines: Vec<String>,
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub actions: Vec<Action>,
    /// Look at this key again after so long, even if nothing changes.
    pub again_after: Option<SignedDuration>,
    pub report: Report,
}

impl Plan {
    pub fn nothing() -> Plan {
        Plan::default()
    }

    pub fn create<T: Resource>(&mut self, namespace: &str, object: &T) {
        let object = with_type(object);
        self.actions.push(Action::Create { resource: T::gvr(), namespace: namespace.into(), object });
    }

    pub fn update<T: Resource>(&mut self, key: Key, object: &T) {
        let object = with_type(object);
        self.actions.push(Action::Update { resource: T::gvr(), key, subresource: "", object });
    }

    pub fn update_status<T: Resource>(&mut self, key: Key, object: &T) {
        let object = with_type(object);
        self.actions.push(Action::Update { resource: T::gvr(), key, subresource: "status", object });
    }

    pub fn merge<T: Resource>(&mut self, key: Key, subresource: &'static str, patch: Value) {
        self.actions.push(Action::Merge { resource: T::gvr(), key, subresource, patch });
    }

    pub fn delete<T: Resource>(&mut self, key: Key, uid: Option<&str>) {
        let uid = uid.map(CompactString::from);
        self.actions.push(Action::Delete { resource: T::gvr(), key, uid, propagation: None, grace_seconds: None });
    }

    pub fn again_after(&mut self, wait: SignedDuration) {
        self.again_after = Some(self.again_after.map_or(wait, |sooner| sooner.min(wait)));
    }

    pub fn say(&mut self, line: impl Into<String>) {
        self.report.lines.push(line.into());
    }

    pub fn event<T: Resource>(&mut self, about: &T, kind: EventType, reason: &str, message: impl Into<String>) {
        let event = Event { about: reference(about), kind, reason: reason.into(), message: message.into() };
        self.report.events.push(event);
    }
}

/// A typed object as a value with its type. Typed objects always are JSON objects.
fn with_type<T: Resource>(object: &T) -> Value {
    let mut value = Value::encode(object).expect("an API type is plain JSON");
    value.set("apiVersion", T::API_VERSION);
    value.set("kind", T::KIND);
    value
}

/// An ObjectReference to a typed object.
fn reference<T: Resource>(object: &T) -> Value {
    let value = with_type(object);
    let mut about = Value::map();
    about.set("apiVersion", T::API_VERSION);
    about.set("kind", T::KIND);
    for field in ["name", "namespace", "uid", "resourceVersion"] {
        let from = value.get("metadata").get(field);
        if !from.is_null() {
            about.set(field, from.clone());
        }
    }
    about
}
