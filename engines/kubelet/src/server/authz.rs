//! Whether they may: each path is a part of this node, and the API decides about it.

use super::authn::Identity;
use client::{ApiClient, Request};
use http::Method;
use meta::{Gvr, Map, Status, Value};
use std::sync::Arc;

/// What is asked for, as the API knows it. Any one of the parts is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attributes {
    pub verb: &'static str,
    pub parts: Vec<&'static str>,
}

pub fn attributes(method: &Method, path: &str) -> Attributes {
    let verb = match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "get",
    };
    let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let fine = match () {
        () if below("/pods") || below("/runningpods") => Some("pods"),
        () if below("/healthz") => Some("healthz"),
        () if below("/configz") => Some("configz"),
        () => None,
    };
    let coarse = match () {
        () if below("/stats") => "stats",
        () if below("/metrics") => "metrics",
        () if below("/logs") => "log",
        () => "proxy",
    };
    Attributes { verb, parts: fine.into_iter().chain([coarse]).collect() }
}

/// Asks the API about one part.
pub async fn review(
    client: &Arc<dyn ApiClient>,
    identity: &Identity,
    node: &str,
    verb: &str,
    part: &str,
) -> Result<bool, Status> {
    let mut body = Value::map();
    body.set("apiVersion", "authorization.k8s.io/v1");
    body.set("kind", "SubjectAccessReview");
    body.set("spec.user", &identity.name);
    body.set("spec.uid", &identity.uid);
    body.set("spec.groups", identity.groups.clone());
    if !identity.extra.is_empty() {
        let extra: Map = identity.extra.iter().map(|(key, list)| (key.as_str(), list.clone())).collect();
        body.set("spec.extra", extra);
    }
    body.set("spec.resourceAttributes.verb", verb);
    body.set("spec.resourceAttributes.version", "v1");
    body.set("spec.resourceAttributes.resource", "nodes");
    body.set("spec.resourceAttributes.subresource", part);
    body.set("spec.resourceAttributes.name", node);
    let resource = Gvr::new("authorization.k8s.io", "v1", "subjectaccessreviews");
    let answer = client.call(Request::create(resource, "", body)).await?.object()?;
    Ok(answer.value().bool("status.allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parts_of_the_node() {
        for (method, path, expect) in [
            (Method::GET, "/pods", ("get", vec!["pods", "proxy"])),
            (Method::GET, "/runningpods/", ("get", vec!["pods", "proxy"])),
            (Method::GET, "/podsy", ("get", vec!["proxy"])),
            (Method::GET, "/healthz", ("get", vec!["healthz", "proxy"])),
            (Method::GET, "/stats/summary", ("get", vec!["stats"])),
            (Method::GET, "/metrics/resource", ("get", vec!["metrics"])),
            (Method::POST, "/exec/ns/pod/c", ("create", vec!["proxy"])),
            (Method::GET, "/containerLogs/ns/pod/c", ("get", vec!["proxy"])),
        ] {
            let found = attributes(&method, path);
            assert_eq!((found.verb, found.parts), expect, "{path}");
        }
    }
}
