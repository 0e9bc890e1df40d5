//! A request whose group another server answers, passed on in the name of who asks.

use super::carry::{Carried, carry, passed_on};
use super::path::Target;
use super::proxy::headers;
use super::respond::{self, Response};
use crate::aggregation::{Remote, on_behalf};
use crate::authz::Attributes;
use crate::engine::Api;
use crate::identity::Identity;
use crate::outbound::Peer;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use meta::Status;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const PATIENCE: Duration = Duration::from_secs(30);

pub struct PassingOn<'a> {
    pub api: &'a Api,
    pub identity: &'a Identity,
    pub remote: &'a Remote,
    pub target: Option<&'a Target>,
    pub method: Method,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub watches: bool,
    pub headers: &'a HeaderMap,
}

impl PassingOn<'_> {
    pub async fn answer(&self, body: Incoming, client: OnUpgrade) -> Result<Response, Status> {
        self.authorize()?;
        if !self.remote.is_available() {
            return Ok(unavailable("service unavailable"));
        }
        let peer = match &self.remote.peer {
            Ok(peer) => peer,
            Err(why) => return Ok(respond::text(500, format!("{why}\n"))),
        };
        let request = self.request(peer, body)?;
        let carried = match tokio::time::timeout(PATIENCE, self.connect(peer)).await {
            Ok(Ok(stream)) => carry(stream, request, client).await.map_err(|error| error.to_string()),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("i/o timeout".into()),
        };
        Ok(match carried {
            Ok(Carried::Switched(response)) => response,
            Ok(Carried::Answered(response)) => passed_on(response, |name| !headers::is_of_one_hop(name)),
            Err(why) => unavailable(&why),
        })
    }

    /// The same rules as for what is answered here.
    fn authorize(&self) -> Result<(), Status> {
        let word = self.method.as_str().to_lowercase();
        let asked = match self.target {
            Some(Target::Resource(target)) => Attributes {
                verb: target.verb(&self.method, self.watches).map_or(&*word, |verb| verb.word()),
                group: &target.resource.group,
                version: &target.resource.version,
                resource: &target.resource.resource,
                subresource: &target.subresource,
                namespace: &target.key.namespace,
                name: &target.key.name,
                path: None,
            },
            _ => Attributes::of_path(&word, self.path),
        };
        self.api.authorizer.check(self.identity, &asked)
    }

    fn request(&self, peer: &Peer, body: Incoming) -> Result<Request<Incoming>, Status> {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = Request::builder().method(self.method.clone()).uri(format!("{}{query}", self.path));
        if let Some(own) = request.headers_mut() {
            headers::forward(self.headers, headers::asks_upgrade(self.headers), own);
            on_behalf(self.identity, own);
            if let Ok(host) = HeaderValue::from_str(&peer.host()) {
                own.insert(HOST, host);
            }
        }
        request.body(body).map_err(|error| Status::bad_request(error.to_string()))
    }

    async fn connect(&self, peer: &Peer) -> Result<TlsStream<TcpStream>, String> {
        let addresses = peer.addresses(self.api).await?;
        peer.dial(self.api, &addresses).await.map(|(_, stream)| stream)
    }
}

fn unavailable(why: &str) -> Response {
    respond::text(503, format!("{why}\n"))
}
