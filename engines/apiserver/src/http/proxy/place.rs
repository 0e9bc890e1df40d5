//! Where a proxied request goes: `[scheme:]name[:port]` of a Service, a pod or a node.

use super::bad_request;
use crate::engine::Api;
use crate::http::connect::kubelet_of;
use crate::http::path::ResourcePath;
use crate::outbound;
use meta::{Gvr, Key, Object, Status, Value};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Secured {
    No,
    /// As upstream: whoever serves there is not asked for a certificate that this server knows.
    Unverified,
    Kubelet,
}

pub(super) struct Place {
    pub address: SocketAddr,
    pub secured: Secured,
}

impl Place {
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

/// `https:name:port`
#[derive(Debug, PartialEq)]
struct Named<'a> {
    https: bool,
    name: &'a str,
    port: &'a str,
}

fn split(text: &str) -> Option<Named<'_>> {
    let parts: Vec<&str> = text.split(':').collect();
    let (scheme, name, port) = match parts[..] {
        [name] => ("", name, ""),
        [name, port] => ("", name, port),
        [scheme @ ("http" | "https" | ""), name, port] => (scheme, name, port),
        _ => return None,
    };
    (!name.is_empty()).then_some(Named { https: scheme == "https", name, port })
}

pub(super) fn find(api: &Api, target: &ResourcePath) -> Result<Place, Status> {
    let (kind, text) = (target.resource.resource.as_str(), target.key.name.as_str());
    let singular = kind.strip_suffix('s').unwrap_or(kind);
    let named = split(text).ok_or_else(|| bad_request(format!("invalid {singular} request {text:?}")))?;
    let secured = if named.https { Secured::Unverified } else { Secured::No };
    match kind {
        "nodes" => node(api, &named, secured),
        "pods" => {
            let pod = object(api, target, "pods", named.name)?;
            Ok(Place { address: pod_address(pod.value(), named.port)?, secured })
        }
        _ => Ok(Place { address: service(api, target, &named)?, secured }),
    }
}

fn object(api: &Api, target: &ResourcePath, plural: &str, name: &str) -> Result<Arc<Object>, Status> {
    let table = api.rows.table();
    let row = table.get("", plural).ok_or_else(Status::no_such_page)?;
    let found = row.hub.get(&Key::new(target.key.namespace.clone(), name));
    found.ok_or_else(|| Status::not_found(&Gvr::new("", "v1", plural), name))
}

fn node(api: &Api, named: &Named<'_>, secured: Secured) -> Result<Place, Status> {
    let kubelet = kubelet_of(api, named.name)?;
    match named.port.parse::<u16>() {
        Ok(port) if port != kubelet.port() => Ok(Place { address: SocketAddr::new(kubelet.ip(), port), secured }),
        _ => Ok(Place { address: kubelet, secured: Secured::Kubelet }),
    }
}

fn pod_address(pod: &Value, port: &str) -> Result<SocketAddr, Status> {
    let first = || {
        let mut ports = pod.items("spec.containers").iter().flat_map(|container| container.items("ports"));
        ports.next().map_or(80, |port| port.int("containerPort"))
    };
    let port = match port {
        "" => first(),
        text => text.parse().map_err(|_| bad_request(format!("invalid port {text:?}")))?,
    };
    let port = u16::try_from(port).map_err(|_| bad_request(format!("invalid port \"{port}\"")))?;
    let ip: Option<IpAddr> = pod.str("status.podIP").parse().ok();
    let ip = ip.filter(may_be_proxied).ok_or_else(|| bad_request("address not allowed"))?;
    Ok(SocketAddr::new(ip, port))
}

/// Addresses that mean this server's own machine, or nobody, are not reached through it.
fn may_be_proxied(ip: &IpAddr) -> bool {
    let local = matches!(ip, IpAddr::V4(v4) if v4.is_link_local());
    !ip.is_loopback() && !ip.is_unspecified() && !ip.is_multicast() && !local
}

fn service(api: &Api, target: &ResourcePath, named: &Named<'_>) -> Result<SocketAddr, Status> {
    let service = object(api, target, "services", named.name)?;
    let ports = service.value().items("spec.ports");
    let port = match named.port.parse::<i64>() {
        Ok(number) => ports.iter().find(|port| port.int("port") == number).ok_or_else(|| {
            Status::unavailable(format!("no service port {number} found for service {:?}", named.name))
        })?,
        Err(_) => ports.iter().find(|port| port.str("name") == named.port).ok_or_else(|| none(named.name))?,
    };
    let number = u16::try_from(port.int("port")).map_err(Status::internal)?;
    let all = outbound::endpoints(api, &target.key.namespace, named.name, number)?;
    let reached: Vec<SocketAddr> = all.into_iter().filter(|address| may_be_proxied(&address.ip())).collect();
    match reached.is_empty() {
        true => Err(none(named.name)),
        false => Ok(reached[api.clock.random() as usize % reached.len()]),
    }
}

fn none(name: &str) -> Status {
    Status::unavailable(format!("no endpoints available for service {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn names_are_split() {
        for (text, expect) in [
            ("a", Some((false, "a", ""))),
            ("a:80", Some((false, "a", "80"))),
            ("https:a:web", Some((true, "a", "web"))),
            ("http:a:", Some((false, "a", ""))),
            ("ftp:a:1", None),
            (":80", None),
        ] {
            let expect = expect.map(|(https, name, port)| Named { https, name, port });
            assert_eq!(split(text), expect, "{text}");
        }
    }

    #[test]
    fn pods_answer_under_their_first_port() {
        let pod = value!({"spec": {"containers": [{}, {"ports": [{"containerPort": 8080i64}]}]},
            "status": {"podIP": "10.0.0.1"}});
        for (port, expect) in [("", "10.0.0.1:8080"), ("90", "10.0.0.1:90")] {
            assert_eq!(pod_address(&pod, port).unwrap().to_string(), expect);
        }
        let local = value!({"status": {"podIP": "127.0.0.1"}});
        assert_eq!(pod_address(&local, "90").unwrap_err().message, "address not allowed");
    }
}
