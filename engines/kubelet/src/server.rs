//! The kubelet's own port: TLS, who asks and whether they may, and then logs, streams, statistics.

mod access;
mod answer;
mod authn;
mod authz;
mod container;
mod logs;
mod metrics;
mod query;
mod remembered;
mod routes;
mod stats;
mod streams;

#[cfg(test)]
mod tests;

use crate::config::ServerConfig;
use crate::context::Context;
use crate::pods::dispatch::Roster;
use authn::Identity;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// A client that does not finish its handshake is not waited for.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What the routes work on.
pub struct Site {
    pub context: Arc<Context>,
    pub roster: Arc<Roster>,
    pub guard: access::Guard,
}

/// Listens, if a server is wanted; the address is told because its port may have been left open.
pub async fn start(
    context: &Arc<Context>,
    roster: &Arc<Roster>,
    tasks: &mut JoinSet<()>,
) -> io::Result<Option<SocketAddr>> {
    let Some(config) = context.config.server.clone() else { return Ok(None) };
    let listener = TcpListener::bind(config.address).await?;
    let address = listener.local_addr()?;
    let guard = access::Guard::new(context.client.clone(), context.clock.clone(), &context.config.node_name);
    let site = Arc::new(Site { context: context.clone(), roster: roster.clone(), guard });
    tasks.spawn(listen(listener, config, site));
    Ok(Some(address))
}

async fn listen(listener: TcpListener, config: ServerConfig, site: Arc<Site>) {
    let acceptor = TlsAcceptor::from(config.tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(greet(stream, acceptor.clone(), site.clone()));
                }
                Err(error) => {
                    // Out of files, most likely: a moment's rest keeps it from being asked in a circle.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn greet(stream: TcpStream, acceptor: TlsAcceptor, site: Arc<Site>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let identity = certificate.and_then(|certificate| Identity::of_certificate(certificate));
    converse(stream, identity, site).await;
}

/// Serves one connection, whose client may have shown who it is.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    identity: Option<Identity>,
    site: Arc<Site>,
) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (site, identity) = (site.clone(), identity.clone());
        async move { Ok::<_, Infallible>(routes::route(&site, identity, request).await) }
    });
    let connection = Builder::new(TokioExecutor::new());
    if let Err(error) = connection.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
        tracing::debug!(error, "a connection broke off");
    }
}
