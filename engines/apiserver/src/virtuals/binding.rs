//! A pod's binding: the scheduler's word on which node it goes to.

use super::{Answering, Told, Virtual, body, put_condition};
use crate::engine::{Api, Call, Outcome, Payload};
use client::Answer;
use meta::{Gvr, Status, Time, Value, value};

pub(super) struct PodBinding;

impl Virtual for PodBinding {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("", "pods", "binding")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move { bind(api, call, &body(call, told, "core.v1.Binding", &["v1"])?).await })
    }
}

/// The older way: the binding itself is created, and names its pod.
pub(super) struct LegacyBinding;

impl Virtual for LegacyBinding {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("", "bindings", "")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move {
            let binding = body(call, told, "core.v1.Binding", &["v1"])?;
            let mut request = call.request.clone();
            request.resource = Gvr::new("", "v1", "pods");
            request.key.name = binding.str("metadata.name").into();
            let of_pod = Call { identity: call.identity.clone(), request, payload: Payload::None };
            bind(api, &of_pod, &binding).await
        })
    }
}

async fn bind(api: &Api, call: &Call, binding: &Value) -> Result<Outcome, Status> {
    if binding.str("metadata.name") != call.request.key.name {
        return Err(Status::bad_request("name in URL does not match name in Binding object"));
    }
    let node = binding.str("target.name");
    if node.is_empty() {
        return Err(Status::bad_request("the target of a binding must be a node with a name"));
    }
    let wanted = Wanted { binding, node, now: Time(api.clock.now()).to_string() };
    api.overwrite(call, |pod| wanted.bind(pod)).await?;
    let success = Status { status: "Success".into(), code: 201, ..Status::default() };
    Ok(Outcome { created: true, ..Outcome::of(Answer::Status(success)) })
}

struct Wanted<'a> {
    binding: &'a Value,
    node: &'a str,
    now: String,
}

impl Wanted<'_> {
    /// The pod on its node, or why it cannot go there.
    fn bind(&self, pod: Value) -> Result<Value, Status> {
        let name = pod.str("metadata.name");
        let conflict = |why: String| Err(Status::conflict(&Gvr::new("", "v1", "pods/binding"), name, why));
        let uid = self.binding.str("metadata.uid");
        if !uid.is_empty() && uid != pod.str("metadata.uid") {
            let (namespace, own) = (pod.str("metadata.namespace"), pod.str("metadata.uid"));
            let place = format!("Code: 4, Key: /registry/pods/{namespace}/{name}, ResourceVersion: 0");
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {own}");
            let why = format!("StorageError: invalid object, {place}, AdditionalErrorMsg: {why}");
            return Err(Status::conflict(&Gvr::new("", "v1", "pods"), name, why));
        }
        if !pod.at("metadata.deletionTimestamp").is_null() {
            return conflict(format!("pod {name} is being deleted, cannot be assigned to a host"));
        }
        if !pod.str("spec.nodeName").is_empty() {
            return conflict(format!("pod {name} is already assigned to node {:?}", pod.str("spec.nodeName")));
        }
        if !pod.items("spec.schedulingGates").is_empty() {
            return conflict(format!("pod {name} has non-empty .spec.schedulingGates"));
        }
        Ok(self.bound(pod))
    }

    fn bound(&self, mut pod: Value) -> Value {
        pod.set("spec.nodeName", self.node);
        for field in ["annotations", "labels"] {
            for (name, given) in self.binding.fields(&format!("metadata.{field}")) {
                *pod.entry("metadata").entry(field).entry(name) = given.clone();
            }
        }
        let scheduled = value!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": (&self.now)});
        put_condition(&mut pod, scheduled);
        pod
    }
}
