//! Conditions as all kinds write them: found by type, replaced only where they say something else.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// The fields that conditions of every kind share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) now: Timestamp,
}

/// A typed condition.
pub(crate) trait Conditional: Clone {
    fn kind(&self) -> &str;
    fn status(&self) -> &str;
    fn reason(&self) -> &str;
    fn since(&self) -> Option<Time>;
    fn make(from: &Condition, since: Time) -> Self;
}

macro_rules! conditional {
    ($($typed:ty { $($extra:ident),* }),* $(,)?) => {$(
        impl Conditional for $typed {
            fn kind(&self) -> &str {
                &self.type_
            }
            fn status(&self) -> &str {
                &self.status
            }
            fn reason(&self) -> &str {
                self.reason.as_deref().unwrap_or("")
            }
            fn since(&self) -> Option<Time> {
                self.last_transition_time.clone()
            }
            fn make(from: &Condition, since: Time) -> Self {
                Self {
                    type_: from.kind.into(),
                    status: from.status.into(),
                    reason: Some(from.reason.into()),
                    message: Some(from.message.clone()),
                    last_transition_time: Some(since),
                    $($extra: Some(Time(from.now)),)*
                }
            }
        }
    )*};
}
conditional! {
    k8s_openapi::api::apps::v1::DeploymentCondition { last_update_time },
    k8s_openapi::api::apps::v1::ReplicaSetCondition {},
    k8s_openapi::api::core::v1::ReplicationControllerCondition {},
    k8s_openapi::api::batch::v1::JobCondition { last_probe_time },
}

pub(crate) fn get<'a, C: Conditional>(conditions: &'a Option<Vec<C>>, kind: &str) -> Option<&'a C> {
    conditions.iter().flatten().find(|condition| condition.kind() == kind)
}

/// Sets a condition unless one of the same status and reason stands there; keeps the time of the last transition
/// where the status stays.
pub(crate) fn set<C: Conditional>(conditions: &mut Option<Vec<C>>, new: &Condition) {
    let current = get(conditions, new.kind).cloned();
    if current.as_ref().is_some_and(|c| c.status() == new.status && c.reason() == new.reason) {
        return;
    }
    let since = current.filter(|c| c.status() == new.status).and_then(|c| c.since());
    put(conditions, C::make(new, since.unwrap_or(Time(new.now))));
}

/// Replaces the condition of the same type, whatever it says.
pub(crate) fn put<C: Conditional>(conditions: &mut Option<Vec<C>>, new: C) {
    remove(conditions, new.kind());
    conditions.get_or_insert_default().push(new);
}

pub(crate) fn remove<C: Conditional>(conditions: &mut Option<Vec<C>>, kind: &str) {
    if let Some(list) = conditions {
        list.retain(|condition| condition.kind() != kind);
        if list.is_empty() {
            *conditions = None;
        }
    }
}
