//! What a Service, a pod or a node serves, through this server: any method, any path below `proxy`, upgrades too.

pub(super) mod headers;
mod links;
mod place;

use super::carry::{Carried, carry};
use super::connect::{admit, dial_kubelet};
use super::path::ResourcePath;
use super::respond::{self, Response};
use crate::authz::Attributes;
use crate::engine::Api;
use crate::identity::Identity;
use crate::outbound::unverified_tls;
use http::header::{HOST, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use meta::{Reason, Status, value};
use place::Place;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(30);

pub fn concerns(target: &ResourcePath) -> bool {
    target.resource.group.is_empty() && target.subresource == "proxy" && options_of(target).is_some()
}

fn options_of(target: &ResourcePath) -> Option<&'static str> {
    match target.resource.resource.as_str() {
        "services" => Some("ServiceProxyOptions"),
        "pods" => Some("PodProxyOptions"),
        "nodes" => Some("NodeProxyOptions"),
        _ => None,
    }
}

pub struct Proxying<'a> {
    pub api: &'a Api,
    pub identity: &'a Arc<Identity>,
    pub target: &'a ResourcePath,
    pub method: Method,
    /// As the client sent them: nothing in them is decoded on its way.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a HeaderMap,
}

impl Proxying<'_> {
    pub async fn answer(&self, body: Incoming, client: OnUpgrade) -> Result<Response, Status> {
        self.authorize()?;
        let rest = below(self.path, self.target);
        let kind = options_of(self.target).ok_or_else(Status::no_such_page)?;
        admit(self.api, self.identity, self.target, kind, value!({"path": rest})).await?;
        self.api.fresh().await?;
        let place = place::find(self.api, self.target)?;
        let upgrades = headers::asks_upgrade(self.headers);
        if rest.is_empty() && !upgrades && matches!(self.method, Method::GET | Method::HEAD) {
            return Ok(self.to_root());
        }
        let request = self.request(&place, rest, upgrades, body)?;
        self.carry(&place, request, client).await
    }

    fn authorize(&self) -> Result<(), Status> {
        let (resource, key) = (&self.target.resource, &self.target.key);
        let verb = match self.method.as_str() {
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "get",
        };
        let asked = Attributes {
            verb,
            group: &resource.group,
            version: &resource.version,
            resource: &resource.resource,
            subresource: "proxy",
            namespace: &key.namespace,
            name: &key.name,
            path: None,
        };
        self.api.authorizer.check(self.identity, &asked)
    }

    /// Relative links are relative to a path that ends in a slash.
    fn to_root(&self) -> Response {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        let mut response = http::Response::new(respond::whole(""));
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
        if let Ok(location) = HeaderValue::from_str(&format!("{}/{query}", self.path)) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    fn request(&self, place: &Place, rest: &str, upgrades: bool, body: Incoming) -> Result<Request<Incoming>, Status> {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        let rest = if rest.is_empty() { "/" } else { rest };
        let mut request = Request::builder().method(self.method.clone()).uri(format!("{rest}{query}"));
        if let Some(own) = request.headers_mut() {
            headers::forward(self.headers, upgrades, own);
            if let Ok(host) = HeaderValue::from_str(&place.host()) {
                own.insert(HOST, host);
            }
            headers::forwarded(self.headers, self.path, own);
        }
        request.body(body).map_err(|error| Status::bad_request(error.to_string()))
    }

    async fn carry(&self, place: &Place, request: Request<Incoming>, client: OnUpgrade) -> Result<Response, Status> {
        let failed = |why: String| Status::unavailable(format!("error trying to reach service: {why}"));
        let address = place.address;
        let dial = async {
            let stream = TcpStream::connect(address).await;
            let stream = stream.map_err(|error| format!("dial tcp {address}: connect: {error}"))?;
            stream.set_nodelay(true).map_err(|error| error.to_string())?;
            Ok::<_, String>(stream)
        };
        let timed_out = || format!("dial tcp {address}: i/o timeout");
        let carried = match place.secured {
            place::Secured::No => {
                let stream = tokio::time::timeout(PATIENCE, dial).await.map_err(|_| failed(timed_out()))?;
                carry(stream.map_err(&failed)?, request, client).await
            }
            place::Secured::Unverified => {
                let stream = tokio::time::timeout(PATIENCE, dial).await.map_err(|_| failed(timed_out()))?;
                let connector = TlsConnector::from(unverified_tls());
                let name = ServerName::IpAddress(address.ip().into());
                let stream = connector.connect(name, stream.map_err(&failed)?).await;
                carry(stream.map_err(|error| failed(error.to_string()))?, request, client).await
            }
            place::Secured::Kubelet => {
                carry(dial_kubelet(self.api, address).await.map_err(&failed)?, request, client).await
            }
        };
        match carried.map_err(|error| failed(error.to_string()))? {
            Carried::Switched(response) => Ok(response),
            Carried::Answered(response) => {
                let prefix = self.path.strip_suffix(below(self.path, self.target)).unwrap_or(self.path);
                Ok(headers::answered(response, &place.host(), prefix))
            }
        }
    }
}

/// What follows `proxy` in the path, with its slash.
fn below<'p>(path: &'p str, target: &ResourcePath) -> &'p str {
    let parts = if target.key.namespace.is_empty() { 5 } else { 7 };
    let end = path.match_indices('/').nth(parts).map_or(path.len(), |(at, _)| at);
    &path[end..]
}

pub(super) fn bad_request(why: impl Into<String>) -> Status {
    Status::failure(Reason::BadRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::path::{self, Target};

    #[test]
    fn what_follows_is_carried_as_it_came() {
        for (path, expect) in [
            ("/api/v1/namespaces/d/pods/a/proxy", ""),
            ("/api/v1/namespaces/d/pods/a/proxy/", "/"),
            ("/api/v1/namespaces/proxy/services/https:a:web/proxy/x%20y/z/", "/x%20y/z/"),
            ("/api/v1/nodes/n/proxy/metrics", "/metrics"),
        ] {
            let Some(Target::Resource(target)) = path::parse(path) else { panic!("{path}") };
            assert!(concerns(&target), "{path}");
            assert_eq!(below(path, &target), expect, "{path}");
        }
    }
}
