//! What a decision answers: actions in order, when to look again, and why.

use crate::resource::Told;
use crate::{Action, Deletion, Event, EventType, Fact, Report, Resource, When};
use jiff::SignedDuration;
use meta::{CompactString, Key, Value};

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
        self.create_encoded::<T>(namespace, with_type(object));
    }

    /// Many that are alike but for a field or two are made from one that was encoded once: see [`with_type`].
    pub fn create_encoded<T: Resource>(&mut self, namespace: &str, object: Value) {
        self.actions.push(Action::Create { resource: T::gvr(), namespace: namespace.into(), object });
    }

    pub fn update<T: Resource>(&mut self, key: Key, object: &T) {
        let object = with_type(object);
        self.actions.push(Action::Update { resource: T::gvr(), key, subresource: "", object });
    }

    pub fn update_status<T: Resource>(&mut self, key: Key, object: &T) {
        self.update_part(key, "status", object);
    }

    /// Through a subresource.
    pub fn update_part<T: Resource>(&mut self, key: Key, subresource: &'static str, object: &T) {
        let object = with_type(object);
        self.actions.push(Action::Update { resource: T::gvr(), key, subresource, object });
    }

    pub fn merge<T: Resource>(&mut self, key: Key, subresource: &'static str, patch: Value) {
        self.actions.push(Action::Merge { resource: T::gvr(), key, subresource, patch });
    }

    pub fn delete<T: Resource>(&mut self, key: Key, uid: Option<&str>) {
        self.delete_with::<T>(key, Deletion { uid: uid.map(CompactString::from), ..Deletion::default() });
    }

    pub fn delete_with<T: Resource>(&mut self, key: Key, options: Deletion) {
        self.actions.push(Action::Delete { resource: T::gvr(), key, options });
    }

    pub fn confirm(&mut self, fact: Fact) {
        self.actions.push(Action::Confirm(fact));
    }

    pub fn again_after(&mut self, wait: SignedDuration) {
        self.again_after = Some(self.again_after.map_or(wait, |sooner| sooner.min(wait)));
    }

    pub fn say(&mut self, line: impl Into<String>) {
        self.report.lines.push(line.into());
    }

    pub fn event<T: Told>(&mut self, about: &T, kind: EventType, reason: &str, message: impl Into<String>) {
        self.tell(about, kind, reason, message, When::Always);
    }

    /// An event for when the action that was planned last has been done.
    pub fn event_if_done<T: Told>(&mut self, about: &T, reason: &str, message: impl Into<String>) {
        let last = self.last_action();
        self.tell(about, EventType::Normal, reason, message, When::Done(last));
    }

    /// A warning for when the action that was planned last is refused; the server's complaint is appended.
    pub fn event_if_refused<T: Told>(&mut self, about: &T, reason: &str, message: impl Into<String>) {
        let last = self.last_action();
        self.tell(about, EventType::Warning, reason, message, When::Refused(last));
    }

    fn last_action(&self) -> usize {
        self.actions.len().checked_sub(1).expect("an event about an action stands after it")
    }

    fn tell<T: Told>(&mut self, about: &T, kind: EventType, reason: &str, message: impl Into<String>, when: When) {
        let about = reference(about);
        self.report.events.push(Event { about, kind, reason: reason.into(), message: message.into(), when });
    }
}

/// A typed object as a value with its type. Typed objects always are JSON objects. Who owns its fields is the server's
/// to know.
pub fn with_type<T: Resource>(object: &T) -> Value {
    let mut value = Value::encode(object).expect("an API type is plain JSON");
    value.set("apiVersion", T::API_VERSION);
    value.set("kind", T::KIND);
    value.remove("metadata.managedFields");
    value
}

/// An ObjectReference to a typed object: of its metadata alone, for a plan of many actions tells as many events.
fn reference<T: Told>(object: &T) -> Value {
    let metadata = object.metadata();
    let mut about = Value::map();
    about.set("apiVersion", T::API_VERSION);
    about.set("kind", T::KIND);
    let fields = [
        ("name", &metadata.name),
        ("namespace", &metadata.namespace),
        ("uid", &metadata.uid),
        ("resourceVersion", &metadata.resource_version),
    ];
    for (field, from) in fields {
        if let Some(from) = from {
            about.set(field, from);
        }
    }
    about
}
