//! `kubectl auth whoami`.

use super::{Answering, Told, Virtual, answered};
use crate::engine::{Api, Call};
use crate::identity::Identity;
use meta::{Map, Time, Value, value};

pub(super) struct SelfSubjectReview;

impl Virtual for SelfSubjectReview {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("authentication.k8s.io", "selfsubjectreviews", "")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, _told: &'a mut Told) -> Answering<'a> {
        let review = value!({
            "apiVersion": (call.request.resource.group_version().api_version()),
            "kind": "SelfSubjectReview",
            "metadata": {"creationTimestamp": (Time(api.clock.now()).to_string())},
            "status": {"userInfo": (user_info(&call.identity))},
        });
        Box::pin(async move { answered(review) })
    }
}

/// An identity as reviews show it.
pub(super) fn user_info(identity: &Identity) -> Value {
    let mut info = value!({"username": (&identity.name), "groups": (identity.groups.clone())});
    if !identity.uid.is_empty() {
        info.set("uid", &identity.uid);
    }
    if !identity.extra.is_empty() {
        let extra: Map =
            identity.extra.iter().map(|(name, values)| (name.as_str(), Value::from(values.clone()))).collect();
        info.set("extra", extra);
    }
    info
}
