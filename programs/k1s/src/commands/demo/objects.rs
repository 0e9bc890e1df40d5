//! The demo's two objects. Others of the same name belong to somebody else and are left alone.

use super::super::Failure;
use super::{NAME, REPLICAS};
use crate::demo::IMAGE;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Debug;

const MADE_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "k1s-demo");

pub trait Kept: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize {}
impl Kept for Deployment {}
impl Kept for Service {}

pub fn deployment() -> Deployment {
    let container = json!({
        "name": NAME, "image": IMAGE, "ports": [{"containerPort": 80}],
        "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 1},
    });
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": NAME, "labels": {"app": NAME, (MADE_BY.0): MADE_BY.1}},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": NAME}},
            "template": {"metadata": {"labels": {"app": NAME}}, "spec": {"containers": [container]}},
        },
    });
    serde_json::from_value(object).expect("a deployment")
}

pub fn service() -> Service {
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": NAME, "labels": {"app": NAME, (MADE_BY.0): MADE_BY.1}},
        "spec": {"selector": {"app": NAME}, "ports": [{"port": 80}]},
    });
    serde_json::from_value(object).expect("a service")
}

pub async fn apply<K: Kept>(api: &Api<K>, object: &K) -> Result<K, Failure> {
    is_there(api).await?;
    let parameters = PatchParams::apply(MADE_BY.1).force();
    Ok(api.patch(NAME, &parameters, &Patch::Apply(object)).await?)
}

/// Whether there was one to remove.
pub async fn remove<K: Kept>(api: &Api<K>) -> Result<bool, Failure> {
    let there = is_there(api).await?;
    if there {
        api.delete(NAME, &DeleteParams::background()).await?;
    }
    Ok(there)
}

/// Fails for one that somebody else has made.
async fn is_there<K: Kept>(api: &Api<K>) -> Result<bool, Failure> {
    let Some(found) = api.get_opt(NAME).await? else { return Ok(false) };
    if found.labels().get(MADE_BY.0).map(String::as_str) == Some(MADE_BY.1) {
        return Ok(true);
    }
    let (kind, namespace) = (K::kind(&()), found.namespace().unwrap_or_default());
    Err(Failure::new(format!(
        "namespace {namespace} has a {kind} {NAME} that is not of `k1s demo`; it was left as it is"
    )))
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_are_objects_that_select_the_same_pods() {
        let (deployment, service) = (super::deployment(), super::service());
        let labels = deployment.spec.and_then(|spec| spec.template.metadata).and_then(|metadata| metadata.labels);
        assert!(labels.is_some());
        assert_eq!(service.spec.and_then(|spec| spec.selector), labels);
    }
}
