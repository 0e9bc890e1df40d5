//! Who is called: what a `clientConfig` says, parsed once and kept with its idle connections.

use super::connection::connect_tls;
use super::{client_tls, endpoints};
use crate::engine::Api;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use meta::Value;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Idle connections that one peer keeps.
const IDLE_MOST: usize = 16;

/// Where a peer is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Service { namespace: String, name: String, port: u16 },
    Host { host: String, port: u16 },
}

pub(crate) struct Peer {
    pub place: Place,
    /// The path, and where the address had one the query.
    pub path: String,
    pub tls: Arc<rustls::ClientConfig>,
    idle: Mutex<Vec<(SocketAddr, Sender)>>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url())
    }
}

impl Peer {
    pub fn of(config: &Value) -> Result<Peer, String> {
        Peer::reached(config, client_tls)
    }

    /// The same over a TLS that is made of the configuration's bundle.
    pub fn reached(
        config: &Value,
        tls: impl FnOnce(&[u8]) -> Result<Arc<rustls::ClientConfig>, String>,
    ) -> Result<Peer, String> {
        let bundle = STANDARD.decode(config.str("caBundle")).map_err(|error| error.to_string())?;
        let tls = tls(&bundle)?;
        let (place, path) = match config.get("service") {
            Value::Null => split_url(config.str("url"))?,
            service => (of_service(service), service.str("path").to_string()),
        };
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        Ok(Peer { place, path, tls, idle: Mutex::default() })
    }

    /// The name that the peer's certificate must carry, and the port.
    pub fn server(&self) -> (String, u16) {
        match &self.place {
            Place::Service { namespace, name, port } => (format!("{name}.{namespace}.svc"), *port),
            Place::Host { host, port } => (host.trim_matches(['[', ']']).to_string(), *port),
        }
    }

    pub fn host(&self) -> String {
        match &self.place {
            Place::Service { namespace, name, port } => format!("{name}.{namespace}.svc:{port}"),
            Place::Host { host, port } => format!("{host}:{port}"),
        }
    }

    pub fn url(&self) -> String {
        match &self.place {
            Place::Host { host, port: 443 } => format!("https://{host}{}", self.path),
            _ => format!("https://{}{}", self.host(), self.path),
        }
    }

    /// Where it answers now.
    pub async fn addresses(&self, api: &Api) -> Result<Vec<SocketAddr>, String> {
        match &self.place {
            Place::Service { namespace, name, port } => {
                endpoints(api, namespace, name, *port).map_err(|status| status.message)
            }
            Place::Host { host, port } => {
                let looked_up = tokio::net::lookup_host((host.trim_matches(['[', ']']), *port)).await;
                let found: Vec<SocketAddr> = looked_up.map_err(|_| no_such_host(host))?.collect();
                if found.is_empty() { Err(no_such_host(host)) } else { Ok(found) }
            }
        }
    }

    /// A new connection to one of these addresses.
    pub async fn dial(
        &self,
        api: &Api,
        addresses: &[SocketAddr],
    ) -> Result<(SocketAddr, TlsStream<TcpStream>), String> {
        let address = addresses[api.clock.random() as usize % addresses.len()];
        let stream = connect_tls(address, &self.server().0, self.tls.clone()).await?;
        Ok((address, stream))
    }

    /// A kept connection to one of these addresses that is still open.
    pub(super) fn take(&self, addresses: &[SocketAddr]) -> Option<(SocketAddr, Sender)> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(address, sender)| sender.is_ready() && addresses.contains(address));
        idle.pop()
    }

    pub(super) fn keep(&self, address: SocketAddr, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MOST && !sender.is_closed() {
            idle.push((address, sender));
        }
    }
}

fn no_such_host(host: &str) -> String {
    format!("dial tcp: lookup {host}: no such host")
}

fn of_service(service: &Value) -> Place {
    let port = u16::try_from(service.int("port")).ok().filter(|port| *port > 0).unwrap_or(443);
    Place::Service { namespace: service.str("namespace").into(), name: service.str("name").into(), port }
}

fn split_url(url: &str) -> Result<(Place, String), String> {
    let unparsable = || format!("Unparsable URL: {url}");
    let uri: http::Uri = url.parse().map_err(|_| unparsable())?;
    let host = uri.host().ok_or_else(unparsable)?.to_string();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_string();
    Ok((Place::Host { host, port: uri.port_u16().unwrap_or(443) }, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn peers_are_read_from_their_configuration() {
        for (config, url, server) in [
            (value!({"service": {"namespace": "n", "name": "s"}}), "https://s.n.svc:443/", "s.n.svc"),
            (
                value!({"service": {"namespace": "n", "name": "s", "port": 8443i64, "path": "/mutate"}}),
                "https://s.n.svc:8443/mutate",
                "s.n.svc",
            ),
            (
                value!({"url": "https://hooks.example.com/x?y=1"}),
                "https://hooks.example.com/x?y=1",
                "hooks.example.com",
            ),
            (value!({"url": "https://[::1]:8443/"}), "https://[::1]:8443/", "::1"),
        ] {
            let peer = Peer::of(&config).unwrap();
            assert_eq!((peer.url().as_str(), peer.server().0.as_str()), (url, server));
        }
        assert!(Peer::of(&value!({"url": "https://x", "caBundle": "bm8gcGVt"})).is_err());
    }
}
