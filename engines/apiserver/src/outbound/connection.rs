//! One connection to one address, with TLS, in the words that Go's client would fail with.

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) async fn connect_tls(
    address: SocketAddr,
    server_name: &str,
    tls: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, String> {
    let dialed = TcpStream::connect(address).await;
    let stream = dialed.map_err(|error| format!("dial tcp {address}: connect: {}", plain(&error)))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let name = ServerName::try_from(server_name.to_string()).map_err(|error| error.to_string())?;
    let secured = TlsConnector::from(tls).connect(name, stream).await;
    secured.map_err(|error| format!("tls: failed to verify certificate: {error}"))
}

/// An operating system's error without its number, in lower case.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
