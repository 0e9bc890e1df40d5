//! Streams that end at a node: a pod's log, exec, attach and port-forward. The request is authorized here, and goes on
//! to the kubelet over TLS with this server's own certificate; upgraded connections are carried through byte by byte.

use super::carry::{Carried, carry, passed_on};
use super::path::ResourcePath;
use super::query::Query;
use super::respond::Response;
use crate::authz::Attributes;
use crate::engine::{Api, Call, Going, Payload};
use crate::identity::Identity;
use bytes::Bytes;
use client::Request as ApiRequest;
use http::header::{CONNECTION, HeaderMap, HeaderName, UPGRADE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use kinds::Verb;
use meta::{Gvk, Gvr, Key, Reason, Status, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_REFUSAL: usize = 64 << 10;
const KUBELET_PORT: u16 = 10_250;
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What of a pod is served by its node: the subresource, the verb that it needs, and its path there.
struct Part {
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    per_container: bool,
    /// The kind of the options that open its stream; none where it is merely read.
    kind: &'static str,
}

const PARTS: [Part; 4] = [
    Part { name: "log", verb: "get", path: "containerLogs", per_container: true, kind: "" },
    Part { name: "exec", verb: "create", path: "exec", per_container: true, kind: "PodExecOptions" },
    Part { name: "attach", verb: "create", path: "attach", per_container: true, kind: "PodAttachOptions" },
    Part {
        name: "portforward",
        verb: "create",
        path: "portForward",
        per_container: false,
        kind: "PodPortForwardOptions",
    },
];

pub fn concerns(target: &ResourcePath) -> bool {
    target.resource.group.is_empty()
        && target.resource.resource == "pods"
        && PARTS.iter().any(|part| target.subresource == part.name)
}

pub struct Connecting<'a> {
    pub api: &'a Api,
    pub identity: &'a Arc<Identity>,
    pub target: &'a ResourcePath,
    pub query: &'a Query,
    pub method: Method,
    pub headers: &'a HeaderMap,
}

impl Connecting<'_> {
    /// `upgraded` is the client's side of the connection, once both sides have agreed to leave HTTP.
    pub async fn answer(&self, upgraded: OnUpgrade) -> Result<Response, Status> {
        let part = PARTS.iter().find(|part| self.target.subresource == part.name).ok_or_else(Status::no_such_page)?;
        self.authorize(part)?;
        if part.name == "log" && self.method != Method::GET {
            return Err(Status::failure(
                Reason::MethodNotAllowed,
                "the server does not allow this method on the requested resource",
            ));
        }
        if !part.kind.is_empty() {
            admit(self.api, self.identity, self.target, part.kind, self.options(part)).await?;
        }
        let pod = self.pod().await?;
        let url = self.url(part, &pod)?;
        let address = self.kubelet(&pod)?;
        self.carry(address, &url, upgraded).await
    }

    fn authorize(&self, part: &Part) -> Result<(), Status> {
        let (resource, key) = (&self.target.resource, &self.target.key);
        let asked = Attributes {
            verb: part.verb,
            group: &resource.group,
            version: &resource.version,
            resource: &resource.resource,
            subresource: part.name,
            namespace: &key.namespace,
            name: &key.name,
            path: None,
        };
        self.api.authorizer.check(self.identity, &asked)
    }

    async fn pod(&self) -> Result<Value, Status> {
        self.api.fresh().await?;
        let key = &self.target.key;
        let table = self.api.rows.table();
        let row = table.get("", "pods").ok_or_else(Status::no_such_page)?;
        let pod = row.hub.get(key).ok_or_else(|| Status::not_found(&pods(), &key.name))?;
        Ok(pod.decode_value())
    }

    fn url(&self, part: &Part, pod: &Value) -> Result<String, Status> {
        let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
        let mut url = format!("/{}/{namespace}/{name}", part.path);
        if part.per_container {
            url = format!("{url}/{}", self.container(pod)?);
        }
        let query = self.kubelet_query(part);
        Ok(if query.is_empty() { url } else { format!("{url}?{query}") })
    }

    /// The options of the API in the kubelet's words.
    fn kubelet_query(&self, part: &Part) -> String {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| pairs.push((name.into(), value.into()));
        match part.name {
            "log" => {
                for name in [
                    "follow",
                    "previous",
                    "sinceSeconds",
                    "sinceTime",
                    "tailLines",
                    "limitBytes",
                    "timestamps",
                    "stream",
                ] {
                    if let Some(value) = self.query.get(name) {
                        add(name, value);
                    }
                }
            }
            "portforward" => self.query.all("ports").iter().for_each(|port| add("port", port)),
            _ => {
                self.query.all("command").iter().for_each(|word| add("command", word));
                for (ours, theirs) in [("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty")] {
                    if self.query.flag(ours) {
                        add(theirs, "1");
                    }
                }
            }
        }
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
    }

    fn container(&self, pod: &Value) -> Result<String, Status> {
        let named = |list: &str| -> Vec<String> { pod.items(list).iter().map(|c| c.str("name").to_string()).collect() };
        let (regular, init) = (named("spec.containers"), named("spec.initContainers"));
        let ephemeral = named("spec.ephemeralContainers");
        let name = pod.str("metadata.name");
        match self.query.get("container").unwrap_or("") {
            "" if regular.len() == 1 => Ok(regular[0].clone()),
            "" => {
                let mut why = format!(
                    "a container name must be specified for pod {name}, choose one of: [{}]",
                    regular.join(" ")
                );
                if !init.is_empty() {
                    why = format!("{why} or one of the init containers: [{}]", init.join(" "));
                }
                Err(Status::bad_request(why))
            }
            asked if regular.iter().chain(&init).chain(&ephemeral).any(|known| known == asked) => Ok(asked.to_string()),
            asked => Err(Status::bad_request(format!("container {asked} is not valid for pod {name}"))),
        }
    }

    /// Where the pod's kubelet listens.
    fn kubelet(&self, pod: &Value) -> Result<SocketAddr, Status> {
        match pod.str("spec.nodeName") {
            "" => {
                let name = pod.str("metadata.name");
                Err(Status::bad_request(format!("pod {name} does not have a host assigned")))
            }
            node => kubelet_of(self.api, node),
        }
    }

    /// What is asked for, as the options of its kind.
    fn options(&self, part: &Part) -> Value {
        let mut options = Value::map();
        match part.name {
            "portforward" => {
                let ports = self.query.all("ports").into_iter().filter_map(|port| port.parse::<i64>().ok());
                options.set("ports", ports.collect::<Vec<_>>());
            }
            _ => {
                for flag in ["stdin", "stdout", "stderr", "tty"].into_iter().filter(|flag| self.query.flag(flag)) {
                    options.set(flag, true);
                }
                if let Some(container) = self.query.get("container") {
                    options.set("container", container);
                }
                if part.name == "exec" {
                    options.set("command", self.query.all("command"));
                }
            }
        }
        options
    }

    async fn carry(&self, address: SocketAddr, url: &str, client: OnUpgrade) -> Result<Response, Status> {
        let unreachable = |why: String| Status::internal(format!("error dialing backend: {why}"));
        let stream = dial_kubelet(self.api, address).await.map_err(unreachable)?;
        let request = self.request(address, url).map_err(|error| unreachable(error.to_string()))?;
        match carry(stream, request, client).await.map_err(|error| unreachable(error.to_string()))? {
            Carried::Switched(response) => Ok(response),
            Carried::Answered(refused) if self.target.subresource == "log" && !refused.status().is_success() => {
                Err(self.refused(refused).await)
            }
            Carried::Answered(response) => {
                Ok(passed_on(response, |name| matches!(name.as_str(), "content-type" | "retry-after")))
            }
        }
    }

    /// A kubelet refuses in plain words; clients of the API are told in a status.
    async fn refused(&self, response: http::Response<Incoming>) -> Status {
        let code = response.status();
        let body = Limited::new(response.into_body(), LONGEST_REFUSAL).collect().await;
        let text = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        match code {
            StatusCode::BAD_REQUEST => Status::bad_request(text),
            StatusCode::NOT_FOUND => {
                let message =
                    format!("the server could not find the requested resource ( pods/log {})", self.target.key.name);
                Status::failure(Reason::NotFound, message)
            }
            _ => Status::internal(text),
        }
    }

    fn request(&self, address: SocketAddr, url: &str) -> http::Result<Request<Empty<Bytes>>> {
        let mut request = Request::builder().method(self.method.clone()).uri(url).header("host", address.to_string());
        let kept = |name: &HeaderName| {
            *name == CONNECTION
                || *name == UPGRADE
                || name.as_str().starts_with("sec-websocket")
                || name.as_str().starts_with("x-stream")
        };
        for (name, value) in self.headers.iter().filter(|(name, _)| kept(name)) {
            request = request.header(name, value);
        }
        request.body(Empty::new())
    }
}

fn pods() -> Gvr {
    Gvr::new("", "v1", "pods")
}

/// A connection to a kubelet over TLS, with this server's own certificate.
pub(super) async fn dial_kubelet(api: &Api, address: SocketAddr) -> Result<TlsStream<TcpStream>, String> {
    let tls = api.kubelet_tls.clone().ok_or("this server has no certificate for kubelets")?;
    let connect = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(tls).connect(ServerName::IpAddress(address.ip().into()), stream).await
    };
    let dialed = tokio::time::timeout(PATIENCE, connect).await.map_err(|_| "timed out".to_string())?;
    dialed.map_err(|error| error.to_string())
}

/// Whether admission lets a stream be opened; `options` are those of its kind.
pub(super) async fn admit(
    api: &Api,
    identity: &Arc<Identity>,
    target: &ResourcePath,
    kind: &str,
    options: Value,
) -> Result<(), Status> {
    let mut request = ApiRequest::new(Verb::Connect, target.resource.clone(), target.key.clone());
    request.subresource = target.subresource.clone();
    let call = Call { identity: identity.clone(), request, payload: Payload::None };
    let table = api.rows.table();
    let row = table.served(&target.resource).ok_or_else(Status::no_such_page)?.clone();
    let mut options = options;
    options.set("kind", kind);
    options.set("apiVersion", "v1");
    let mut going = Going { api, call: &call, table, row, warnings: Vec::new() };
    going.check_connect(&options, Gvk::new("", "v1", kind)).await
}

/// Where a node's kubelet listens.
pub(super) fn kubelet_of(api: &Api, node: &str) -> Result<SocketAddr, Status> {
    let table = api.rows.table();
    let row = table.get("", "nodes").ok_or_else(Status::no_such_page)?;
    let nodes = Gvr::new("", "v1", "nodes");
    let found = row.hub.get(&Key::cluster(node)).ok_or_else(|| Status::not_found(&nodes, node))?;
    let found = found.value();
    let internal = found.items("status.addresses").iter().find(|address| address.str("type") == "InternalIP");
    let address: Option<IpAddr> = internal.and_then(|address| address.str("address").parse().ok());
    let port = u16::try_from(found.int("status.daemonEndpoints.kubeletEndpoint.Port")).ok().filter(|port| *port > 0);
    let address = address
        .ok_or_else(|| Status::internal(format!("no preferred addresses found; known addresses: of node {node}")))?;
    Ok(SocketAddr::new(address, port.unwrap_or(KUBELET_PORT)))
}
