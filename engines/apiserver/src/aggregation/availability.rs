//! Whether another server answers for its group version: its Service, its endpoints, and what it says it serves.

use super::{Remote, Served, on_behalf};
use crate::engine::Api;
use crate::identity::{Identity, MASTERS};
use crate::outbound::{Peer, of_slice, slices};
use http::HeaderMap;
use meta::{Key, Object, Value};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// Why it is not available, as the condition of its APIService says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unavailable {
    pub reason: &'static str,
    pub message: String,
}

fn because(reason: &'static str, message: String) -> Unavailable {
    Unavailable { reason, message }
}

pub(super) async fn look(api: &Api, remote: &Remote) -> Result<Served, Unavailable> {
    let (namespace, name) = (remote.spec.str("service.namespace"), remote.spec.str("service.name"));
    let service = api.rows.table().get("", "services").and_then(|row| row.hub.get(&Key::new(namespace, name)));
    let absent = || because("ServiceNotFound", format!("service/{name} in {namespace:?} is not present"));
    let service = service.ok_or_else(absent)?;
    if service.value().str("spec.type") == "ClusterIP" {
        check_endpoints(service.value(), remote.spec.int("service.port"), &slices(api, namespace, name))?;
    }
    let path = remote.path();
    let failed = |why: String| because("FailedDiscoveryCheck", why);
    let peer = remote.peer.as_ref().map_err(|why| failed(why.clone()))?;
    discover(api, peer, &path).await.map_err(failed)
}

/// A Service that names itself by its endpoints has some behind that port.
fn check_endpoints(service: &Value, port: i64, slices: &[Arc<Object>]) -> Result<(), Unavailable> {
    let (namespace, name) = (service.str("metadata.namespace"), service.str("metadata.name"));
    let listening = service.items("spec.ports").iter().find(|known| known.int("port") == port).ok_or_else(|| {
        because("ServicePortError", format!("service/{name} in {namespace:?} is not listening on port {port}"))
    })?;
    if slices.is_empty() {
        let why = format!("cannot find endpointslices for service/{name} in {namespace:?}");
        return Err(because("EndpointsNotFound", why));
    }
    let port_name = listening.str("name");
    if slices.iter().all(|slice| of_slice(slice.value(), port_name).is_empty()) {
        let why = format!(
            "endpointslices for service/{name} in {namespace:?} have no addresses with port name {port_name:?}"
        );
        return Err(because("MissingEndpoints", why));
    }
    Ok(())
}

async fn discover(api: &Api, peer: &Peer, path: &str) -> Result<Served, String> {
    let url = format!("https://{}{path}", peer.host());
    let missing = |why: String| format!("failing or missing response from {url}: {why}");
    let mut headers = HeaderMap::new();
    on_behalf(&Identity { groups: vec![MASTERS.into()], ..Identity::new("system:kube-aggregator", &[]) }, &mut headers);
    let (code, text) = peer.get(api, path, &headers, PATIENCE).await.map_err(missing)?;
    if !code.is_success() {
        return Err(missing(format!("bad status from {url}: {}", code.as_u16())));
    }
    let list = meta::parse(&text).map_err(|error| missing(error.0))?;
    let document = document(api, peer, path, &headers).await.unwrap_or_default();
    Ok(Served { resources: list.items("resources").to_vec(), document })
}

/// Not every server has documents.
async fn document(api: &Api, peer: &Peer, path: &str, headers: &HeaderMap) -> Option<String> {
    let (code, text) = peer.get(api, "/openapi/v3", headers, PATIENCE).await.ok()?;
    let index = meta::parse(&text).ok().filter(|_| code.is_success())?;
    let found = index.get("paths").get(path.trim_start_matches('/'));
    Some(found.str("serverRelativeURL").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn endpoints_stand_behind_the_port() {
        let service = value!({"metadata": {"name": "s", "namespace": "n"}, "spec": {"ports": [{"name": "https", "port": 443i64}]}});
        let slice = |port: &str, address: &str| {
            let slice = value!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e"},
                "ports": [{"name": port, "port": 8443i64}], "endpoints": [{"addresses": [address]}]});
            vec![Arc::new(Object::from_value(&slice).unwrap())]
        };
        for (port, slices, expect) in [
            (443, slice("https", "10.0.0.1"), None),
            (80, slice("https", "10.0.0.1"), Some("service/s in \"n\" is not listening on port 80")),
            (443, Vec::new(), Some("cannot find endpointslices for service/s in \"n\"")),
            (
                443,
                slice("other", "10.0.0.1"),
                Some("endpointslices for service/s in \"n\" have no addresses with port name \"https\""),
            ),
        ] {
            let found = check_endpoints(&service, port, &slices).err().map(|why| why.message);
            assert_eq!(found.as_deref(), expect);
        }
    }
}
