//! Which pods a Service selects, and which Services a pod concerns.

use crate::pods;
use k8s_openapi::api::core::v1::{Pod, Service};
use meta::{CompactString, Key, Object};
use plan::{Change, Index, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pods by each of their labels within their namespace.
pub(crate) const POD_LABELS: Index = Index {
    name: "labels",
    values: |pod| {
        let namespace = &pod.header.namespace;
        pod.header.labels.iter().map(|(name, value)| found_under(namespace, name, value)).collect()
    },
};

fn found_under(namespace: &str, name: &str, value: &str) -> CompactString {
    CompactString::from(format!("{namespace}/{name}={value}"))
}

pub(crate) fn pods_of(service: &Service, seen: &View) -> Vec<Arc<Pod>> {
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
    let Some((name, value)) = selector.iter().next() else { return Vec::new() };
    let under = found_under(namespace, name, value);
    let labels = |pod: &Arc<Pod>| pod.metadata.labels.clone().unwrap_or_default();
    let matches = |pod: &Arc<Pod>| selector.iter().all(|(name, value)| labels(pod).get(name) == Some(value));
    seen.indexed::<Pod>(&POD_LABELS, &under).filter(matches).collect()
}

/// The Services whose answer a change of a pod may change.
pub(crate) fn services_of(change: &Change, seen: &View) -> Vec<Key> {
    let looks =
        |object: &Option<Arc<Object>>| object.as_ref().and_then(|o| o.typed::<Pod>().ok()).map(|pod| Look::of(&pod));
    let (old, new) = (looks(&change.old), looks(&change.new));
    if old == new {
        return Vec::new();
    }
    let selects = |service: &Arc<Service>| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| !selector.is_empty() && change.sides().any(|pod| fits(selector, pod)))
    };
    let services = seen.in_namespace::<Service>(&change.key.namespace).filter(selects);
    services.map(|service| crate::ownership::key(&service.metadata)).collect()
}

fn fits(selector: &BTreeMap<String, String>, pod: &Object) -> bool {
    selector.iter().all(|(name, value)| pod.header.labels.get(name.as_str()).is_some_and(|label| label == value))
}

/// All of a pod that a Service's endpoints show.
#[derive(PartialEq)]
struct Look {
    labels: Option<BTreeMap<String, String>>,
    addresses: Vec<String>,
    node: String,
    host: (Option<String>, Option<String>),
    ready: bool,
    deleted: bool,
    terminal: bool,
}

impl Look {
    fn of(pod: &Pod) -> Look {
        let spec = pod.spec.as_ref();
        Look {
            labels: pod.metadata.labels.clone(),
            addresses: addresses(pod),
            node: pods::node(pod).into(),
            host: (spec.and_then(|spec| spec.hostname.clone()), spec.and_then(|spec| spec.subdomain.clone())),
            ready: pods::is_ready(pod),
            deleted: pods::is_deleted(pod),
            terminal: pods::is_terminal(pod),
        }
    }
}

/// All of a pod's addresses, of either family.
pub(crate) fn addresses(pod: &Pod) -> Vec<String> {
    let Some(status) = &pod.status else { return Vec::new() };
    status.pod_ips.iter().flatten().map(|address| address.ip.clone()).filter(|ip| !ip.is_empty()).collect()
}

/// A pod of this name answers under it where the Service is its subdomain.
pub(crate) fn hostname(pod: &Pod, service: &Service) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let host = spec.hostname.clone().filter(|host| !host.is_empty())?;
    (spec.subdomain == service.metadata.name && pod.metadata.namespace == service.metadata.namespace).then_some(host)
}
