//! A kubelet asks for tokens of pods that are bound to it, for audiences that the pods name.

use super::super::lookup;
use crate::authz::{Attributes, Decision, node_name};
use crate::engine::{Api, Call};
use meta::{Gvr, Key, Status, Value};

/// `asked` is a TokenRequest: no object of a row, so its answer asks here.
pub(crate) async fn admit_token_request(api: &Api, call: &Call, asked: &Value) -> Result<(), Status> {
    let Some(node) = node_name(&call.identity) else { return Ok(()) };
    let forbidden =
        |why: String| Err(Status::forbidden(&Gvr::new("", "v1", "serviceaccounts"), &call.request.key.name, why));
    let bound = asked.at("spec.boundObjectRef");
    if (bound.str("apiVersion"), bound.str("kind")) != ("v1", "Pod") || bound.str("name").is_empty() {
        return forbidden("node requested token not bound to a pod".into());
    }
    let uid = bound.str("uid");
    if uid.is_empty() {
        return forbidden("node requested token with a pod binding without a uid".into());
    }
    let key = Key::new(call.request.key.namespace.clone(), bound.str("name"));
    let pod = lookup::must_find(api, &Gvr::new("", "v1", "pods"), &key).await?;
    if uid != pod.header.uid {
        return forbidden(format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        ));
    }
    if pod.value().str("spec.nodeName") != node {
        return forbidden("node requested token bound to a pod scheduled on a different node".into());
    }
    match check_audience(api, call, asked, pod.value()) {
        Ok(()) => Ok(()),
        Err(why) => forbidden(why),
    }
}

/// `asked` has its audiences filled in; what the pod leaves open is this server's own.
fn check_audience(api: &Api, call: &Call, asked: &Value, pod: &Value) -> Result<(), String> {
    let audience = match asked.items("spec.audiences") {
        [one] => one.as_str().unwrap_or(""),
        _ => return Err("node may only request 0 or 1 audiences".into()),
    };
    let own = api.tokens.audiences();
    if names_audience(pod, audience) || (own.iter().any(|own| own == audience) && names_audience(pod, "")) {
        return Ok(());
    }
    let attributes = Attributes {
        verb: "request-serviceaccounts-token-audience",
        version: "v1",
        resource: audience,
        namespace: &call.request.key.namespace,
        name: &call.request.key.name,
        ..Attributes::default()
    };
    match api.authorizer.decide(&call.identity, &attributes) {
        Decision::Allow(_) => Ok(()),
        Decision::NoOpinion(_) => Err(format!(
            "audience {audience:?} not found in pod spec volume, {} is not authorized to request tokens for this audience",
            call.identity.name
        )),
    }
}

fn names_audience(pod: &Value, audience: &str) -> bool {
    let sources = pod.items("spec.volumes").iter().flat_map(|volume| volume.items("projected.sources"));
    let mut tokens = sources.map(|source| source.get("serviceAccountToken")).filter(|token| !token.is_null());
    tokens.any(|token| token.str("audience") == audience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn audiences_are_those_of_the_pods_volumes() {
        let pod = value!({"spec": {"volumes": [
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"configMap": {"name": "c"}}]}},
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "vault"}}]}},
        ]}});
        for (audience, expect) in [("", true), ("vault", true), ("other", false)] {
            assert_eq!(names_audience(&pod, audience), expect, "{audience}");
        }
        assert!(!names_audience(&value!({"spec": {}}), ""));
    }
}
