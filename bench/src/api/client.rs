//! The plainest client: one HTTP/1.1 connection over TLS, one request at a time; or one of HTTP/2 that many watches share.
//! Nothing of it is the server's own code.

use super::BenchError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where a cluster is and who asks.
#[derive(Clone)]
pub struct Target {
    pub host: String,
    tls: rustls::ClientConfig,
}

pub struct Connection {
    host: String,
    sender: http1::SendRequest<Full<Bytes>>,
}

/// Of HTTP/2: requests go side by side.
pub struct Shared {
    host: String,
    sender: http2::SendRequest<Full<Bytes>>,
}

#[derive(Clone, Copy)]
pub enum Media {
    Json,
    Protobuf,
}

impl Media {
    fn text(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

impl Target {
    pub fn read(kubeconfig: &Path) -> Result<Target, BenchError> {
        let text = std::fs::read_to_string(kubeconfig)
            .map_err(|e| BenchError::new(format!("{}: {e}", kubeconfig.display())))?;
        let config: Value = serde_saphyr::from_str(&text).map_err(BenchError::new)?;
        let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
        let pem = |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).map_err(BenchError::new);
        let mut roots = rustls::RootCertStore::empty();
        let authority = pem(&cluster["certificate-authority-data"])?;
        roots.add(CertificateDer::from_pem_slice(&authority).map_err(BenchError::new)?).map_err(BenchError::new)?;
        let chain =
            vec![CertificateDer::from_pem_slice(&pem(&user["client-certificate-data"])?).map_err(BenchError::new)?];
        let key = PrivateKeyDer::from_pem_slice(&pem(&user["client-key-data"])?).map_err(BenchError::new)?;
        let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
        let tls = builder.with_client_auth_cert(chain, key).map_err(BenchError::new)?;
        let server = cluster["server"].as_str().unwrap_or_default();
        let host =
            server.strip_prefix("https://").ok_or_else(|| BenchError::new("the server is not an https address"))?;
        Ok(Target { host: host.trim_end_matches('/').into(), tls })
    }

    pub async fn connect(&self) -> Result<Connection, BenchError> {
        let stream = self.secured("http/1.1").await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(BenchError::new)?;
        tokio::spawn(connection);
        Ok(Connection { host: self.host.clone(), sender })
    }

    pub async fn connect_shared(&self) -> Result<Shared, BenchError> {
        let io = TokioIo::new(self.secured("h2").await?);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.map_err(BenchError::new)?;
        tokio::spawn(connection);
        Ok(Shared { host: self.host.clone(), sender })
    }

    async fn secured(&self, protocol: &str) -> Result<TlsStream<TcpStream>, BenchError> {
        let stream = TcpStream::connect(&self.host).await.map_err(BenchError::new)?;
        stream.set_nodelay(true).map_err(BenchError::new)?;
        let (name, tls) = self.session(protocol)?;
        TlsConnector::from(tls).connect(name, stream).await.map_err(BenchError::new)
    }

    /// Whom a session is with, and how it is secured.
    pub fn session(&self, protocol: &str) -> Result<(ServerName<'static>, Arc<rustls::ClientConfig>), BenchError> {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name).to_string();
        let name = ServerName::try_from(name).map_err(BenchError::new)?;
        let mut tls = rustls::ClientConfig::clone(&self.tls);
        tls.alpn_protocols = vec![protocol.into()];
        Ok((name, Arc::new(tls)))
    }
}

impl Shared {
    /// A watch beside others.
    pub async fn stream(&self, path: &str) -> Result<Incoming, BenchError> {
        let request = asked("GET", &format!("https://{}{path}", self.host), Media::Json);
        let request = request.body(Full::default()).map_err(BenchError::new)?;
        let mut sender = self.sender.clone();
        sender.ready().await.map_err(BenchError::new)?;
        let response = sender.send_request(request).await.map_err(BenchError::new)?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => Err(BenchError(format!("GET {path}: {}", response.status()))),
        }
    }
}

fn asked(method: &str, uri: &str, media: Media) -> http::request::Builder {
    let request = http::Request::builder().method(method).uri(uri).header("accept", media.text());
    request.header("content-type", "application/json").header("user-agent", "bench")
}

impl Connection {
    async fn send(
        &mut self,
        method: &str,
        path: &str,
        media: Media,
        body: Bytes,
    ) -> Result<http::Response<Incoming>, BenchError> {
        let request = asked(method, path, media).header("host", &self.host);
        let request = request.body(Full::new(body)).map_err(BenchError::new)?;
        self.sender.ready().await.map_err(BenchError::new)?;
        self.sender.send_request(request).await.map_err(BenchError::new)
    }

    /// Takes in a whole answer without keeping it; how long it was.
    pub async fn receive(&mut self, path: &str, media: Media) -> Result<usize, BenchError> {
        let response = self.send("GET", path, media, Bytes::new()).await?;
        let (status, mut body, mut received) = (response.status(), response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            received += frame.map_err(BenchError::new)?.data_ref().map_or(0, Bytes::len);
        }
        match status.is_success() {
            true => Ok(received),
            false => Err(BenchError(format!("GET {path}: {status}"))),
        }
    }

    /// The body of an answer that must be a success.
    pub async fn ask(&mut self, method: &str, path: &str, body: impl Into<Bytes>) -> Result<Bytes, BenchError> {
        let response = self.send(method, path, Media::Json, body.into()).await?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(BenchError::new)?.to_bytes();
        match status.is_success() {
            true => Ok(body),
            false => Err(BenchError(format!("{method} {path}: {status}: {}", String::from_utf8_lossy(&body)))),
        }
    }

    /// A watch: the body as it comes.
    pub async fn stream(&mut self, path: &str) -> Result<Incoming, BenchError> {
        let response = self.send("GET", path, Media::Json, Bytes::new()).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => Err(BenchError(format!("GET {path}: {}", response.status()))),
        }
    }
}
