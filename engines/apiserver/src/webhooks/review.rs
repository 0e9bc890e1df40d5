//! AdmissionReview: the question to a webhook and what its answer means.

use super::{About, Hook, Invocation};
use crate::engine::Api;
use crate::identity::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meta::{Gvk, Gvr, Status, Value, value};

/// What is asked besides what the request is about.
pub(crate) struct Asked<'a> {
    pub about: &'a About<'a>,
    pub identity: &'a Identity,
    pub dry_run: bool,
    pub options: Value,
    /// The objects as the webhook wants to see them.
    pub object: Value,
    pub old: Value,
}

/// What a webhook said.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Allowed {
        patch: Option<Value>,
    },
    Denied(Box<Status>),
    /// It could not be asked, or its answer is none.
    Failed(String),
}

/// Calls a webhook; its warnings go to `warnings`.
pub(crate) async fn ask(
    api: &Api,
    hook: &Hook,
    to: &Invocation,
    asked: &Asked<'_>,
    mutating: bool,
) -> (Verdict, Vec<String>) {
    let known = hook.review_versions.iter().find(|version| matches!(version.as_str(), "v1" | "v1beta1"));
    let peer = match (&hook.peer, known) {
        (Ok(peer), Some(_)) => peer,
        (Err(why), _) => return (Verdict::Failed(format!("could not get REST client: {why}")), Vec::new()),
        (_, None) => {
            let why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
            return (Verdict::Failed(format!("could not create admission objects: {why}")), Vec::new());
        }
    };
    let version = format!("admission.k8s.io/{}", known.map_or("v1", |version| version));
    let uid = api.clock.uuid();
    let body = question(&version, &uid, to, asked).to_json();
    match peer.post(api, body.into(), hook.patience).await {
        Err(why) => (Verdict::Failed(format!("failed to call webhook: {why}")), Vec::new()),
        Ok(answer) => {
            let warnings = answer.items("response.warnings").iter().filter_map(Value::as_str).map(Into::into).collect();
            (read(&answer, hook, &version, &uid, mutating), warnings)
        }
    }
}

fn question(version: &str, uid: &str, to: &Invocation, asked: &Asked<'_>) -> Value {
    let about = asked.about;
    let mut request = value!({
        "uid": uid,
        "kind": (kind(&to.kind)),
        "resource": (resource(&to.resource)),
        "requestKind": (kind(&about.kind)),
        "requestResource": (resource(&about.resource)),
        "operation": (about.operation),
        "userInfo": (user(asked.identity)),
        "object": (asked.object.clone()),
        "oldObject": (asked.old.clone()),
        "dryRun": (asked.dry_run),
        "options": (asked.options.clone()),
    });
    for (field, text) in [
        ("subResource", about.subresource),
        ("requestSubResource", about.subresource),
        ("name", about.name),
        ("namespace", about.namespace),
    ] {
        if !text.is_empty() {
            request.set(field, text);
        }
    }
    value!({"kind": "AdmissionReview", "apiVersion": version, "request": request})
}

fn kind(gvk: &Gvk) -> Value {
    value!({"group": (&gvk.group), "version": (&gvk.version), "kind": (&gvk.kind)})
}

fn resource(gvr: &Gvr) -> Value {
    value!({"group": (&gvr.group), "version": (&gvr.version), "resource": (&gvr.resource)})
}

pub(crate) fn user(identity: &Identity) -> Value {
    let texts = |list: &[String]| Value::List(list.iter().map(|text| Value::from(text.as_str())).collect());
    let mut user = value!({"username": (&identity.name), "groups": (texts(&identity.groups))});
    if !identity.uid.is_empty() {
        user.set("uid", &identity.uid);
    }
    if !identity.extra.is_empty() {
        let extra = user.entry("extra");
        for (name, values) in &identity.extra {
            *extra.entry(name) = texts(values);
        }
    }
    user
}

fn read(answer: &Value, hook: &Hook, version: &str, uid: &str, mutating: bool) -> Verdict {
    let response = answer.get("response");
    if let Err(why) = check(answer, version, uid, mutating) {
        return Verdict::Failed(format!("received invalid webhook response: {why}"));
    }
    if !response.bool("allowed") {
        return Verdict::Denied(Box::new(denial(&hook.name, response.get("status"))));
    }
    let patch = match STANDARD.decode(response.str("patch")) {
        Ok(patch) if patch.is_empty() => return Verdict::Allowed { patch: None },
        Ok(patch) => meta::parse(&patch).map_err(|error| error.0),
        Err(error) => Err(error.to_string()),
    };
    match patch {
        Ok(patch) => Verdict::Allowed { patch: Some(patch) },
        Err(why) => Verdict::Failed(format!("received undecodable patch in webhook response: {why}")),
    }
}

fn check(answer: &Value, version: &str, uid: &str, mutating: bool) -> Result<(), String> {
    let response = answer.get("response");
    if response.is_null() {
        return Err("webhook response was absent".into());
    }
    if version == "admission.k8s.io/v1beta1" {
        return Ok(());
    }
    if response.str("uid") != uid {
        return Err(format!("expected response.uid={uid:?}, got {:?}", response.str("uid")));
    }
    let (patch, kind) = (!response.str("patch").is_empty(), response.get("patchType"));
    match (answer.str("apiVersion"), answer.str("kind")) {
        ("admission.k8s.io/v1", "AdmissionReview") => {}
        (api, kind) => {
            let wanted = "admission.k8s.io/v1, Kind=AdmissionReview";
            return Err(format!("expected webhook response of {wanted}, got {api}, Kind={kind}"));
        }
    }
    match (mutating, patch, kind.as_str()) {
        (true, true, None) => Err("webhook returned response.patch but not response.patchType".into()),
        (true, false, Some(_)) => Err("webhook returned response.patchType but not response.patch".into()),
        (true, true, Some("JSONPatch")) | (_, false, None) => Ok(()),
        (true, true, Some(other)) => Err(format!("webhook returned invalid response.patchType of {other:?}")),
        (false, true, _) => Err("validating webhook may not return response.patch".into()),
        (false, false, Some(_)) => Err("validating webhook may not return response.patchType".into()),
    }
}

/// A webhook's refusal with its own code and reason, as an error that it can be told from upstream's own.
fn denial(name: &str, status: &Value) -> Status {
    let mut told: Status = serde_json::from_slice(&status.to_json()).unwrap_or_default();
    if told.code < 400 {
        told.code = 400;
    }
    if matches!(told.status.as_str(), "" | "Success") {
        told.status = "Failure".into();
    }
    let denied = format!("admission webhook {name:?} denied the request");
    told.message = match (told.message.as_str(), told.reason.as_str()) {
        ("", "") => format!("{denied} without explanation"),
        ("", why) | (why, _) => format!("{denied}: {why}"),
    };
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_carry_their_explanation() {
        for (status, code, message) in [
            (value!(null), 400, "without explanation"),
            (value!({"message": "no"}), 400, ": no"),
            (value!({"reason": "Because", "code": 403i64}), 403, ": Because"),
            (value!({"status": "Success", "message": "odd", "code": 200i64}), 400, ": odd"),
        ] {
            let denial = denial("x.y.z", &status);
            let joint = if message.starts_with(':') { "" } else { " " };
            let expect = format!("admission webhook \"x.y.z\" denied the request{joint}{message}");
            assert_eq!((denial.code, denial.message, denial.status.as_str()), (code, expect, "Failure"));
        }
    }

    #[test]
    fn answers_are_checked() {
        let v1 = |response: Value| value!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
        for (answer, mutating, expect) in [
            (v1(value!({"uid": "u", "allowed": true})), true, None),
            (v1(value!({"uid": "u", "patch": "W10=", "patchType": "JSONPatch"})), true, None),
            (v1(value!({"uid": "x"})), true, Some("expected response.uid=\"u\", got \"x\"")),
            (
                v1(value!({"uid": "u", "patch": "W10="})),
                true,
                Some("webhook returned response.patch but not response.patchType"),
            ),
            (
                v1(value!({"uid": "u", "patch": "W10=", "patchType": "JSONPatch"})),
                false,
                Some("validating webhook may not return response.patch"),
            ),
            (value!({"apiVersion": "admission.k8s.io/v1"}), true, Some("webhook response was absent")),
        ] {
            let found = check(&answer, "admission.k8s.io/v1", "u", mutating).err();
            assert_eq!(found.as_deref(), expect, "{answer}");
        }
    }
}
