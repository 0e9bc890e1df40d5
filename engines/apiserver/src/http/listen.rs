//! The listener: TLS, then HTTP/1.1 or HTTP/2, until the server stops and its answers have gone out.

use super::Frontend;
use super::again::Again;
use super::encrypted::Encrypted;
use crate::authn::certificate_identity;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A handshake that takes longer is given up, and so is the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long answers that are on their way may take once the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// What a connection whose client reads slowly may hold of plain answers, and the bound of a request's head: a piece of
/// a long list that is being sent, and the next one.
const BUFFERED: usize = 128 * 1024;

#[derive(Debug)]
pub enum ServeError {
    Bind(SocketAddr, std::io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Bind(address, why) => write!(f, "cannot listen on {address}: {why}"),
        }
    }
}

impl std::error::Error for ServeError {}

pub struct Listener {
    socket: TcpListener,
    tls: Arc<rustls::ServerConfig>,
}

impl Listener {
    pub async fn bind(address: SocketAddr, tls: Arc<rustls::ServerConfig>) -> Result<Listener, ServeError> {
        let socket = TcpListener::bind(address).await.map_err(|why| ServeError::Bind(address, why))?;
        Ok(Listener { socket, tls })
    }

    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stopping` says so; then watches end and answers on their way are awaited.
    pub async fn serve(self, frontend: Arc<Frontend>, mut stopping: watch::Receiver<bool>) {
        let acceptor = TlsAcceptor::from(self.tls);
        let graceful = Arc::new(GracefulShutdown::new());
        loop {
            let accepted = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let serving = connection(stream, acceptor.clone(), frontend.clone(), graceful.clone());
                    tokio::spawn(serving);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await; // out of descriptors: let some close
                }
            }
        }
        drop(self.socket);
        if let Ok(graceful) = Arc::try_unwrap(graceful).map_err(drop) {
            let _given_up = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
        }
    }
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    frontend: Arc<Frontend>,
    graceful: Arc<GracefulShutdown>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let stream = match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let peer = certificates.and_then(|chain| chain.first()).and_then(|leaf| certificate_identity(leaf)).map(Arc::new);
    let stream = Encrypted::new(stream, frontend.clone());
    let service = service_fn(move |request| {
        // Behind a pointer: a connection keeps the room of its request, and an HTTP/2 stream that of its own, for as long
        // as its answer lasts, and a watch lasts long.
        let answering = Box::pin(frontend.clone().handle(peer.clone(), request));
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(BUFFERED);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(250).max_header_list_size(64 * 1024);
    let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let watched = graceful.watcher().watch(served.into_owned());
    drop(graceful);
    if let Err(error) = Again::new(watched).await {
        tracing::debug!(%error, "a connection ended");
    }
}
