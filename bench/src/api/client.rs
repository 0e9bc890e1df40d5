//! The plainest client: one HTTP/1.1 connection over TLS, one request at a time. Nothing of it is the server's own code.

use super::BenchError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where a cluster is and who asks.
#[derive(Clone)]
pub struct Target {
    host: String,
    tls: TlsConnector,
}

pub struct Connection {
    host: String,
    sender: SendRequest<Full<Bytes>>,
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
        Ok(Target { host: host.trim_end_matches('/').into(), tls: TlsConnector::from(Arc::new(tls)) })
    }

    pub async fn connect(&self) -> Result<Connection, BenchError> {
        let stream = TcpStream::connect(&self.host).await.map_err(BenchError::new)?;
        stream.set_nodelay(true).map_err(BenchError::new)?;
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name).to_string();
        let name = ServerName::try_from(name).map_err(BenchError::new)?;
        let stream = self.tls.connect(name, stream).await.map_err(BenchError::new)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(BenchError::new)?;
        tokio::spawn(connection);
        Ok(Connection { host: self.host.clone(), sender })
    }
}

impl Connection {
    async fn send(&mut self, method: &str, path: &str, body: Bytes) -> Result<http::Response<Incoming>, BenchError> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("user-agent", "bench")
            .body(Full::new(body))
            .map_err(BenchError::new)?;
        self.sender.ready().await.map_err(BenchError::new)?;
        self.sender.send_request(request).await.map_err(BenchError::new)
    }

    /// The body of an answer that must be a success.
    pub async fn ask(&mut self, method: &str, path: &str, body: impl Into<Bytes>) -> Result<Bytes, BenchError> {
        let response = self.send(method, path, body.into()).await?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(BenchError::new)?.to_bytes();
        match status.is_success() {
            true => Ok(body),
            false => Err(BenchError(format!("{method} {path}: {status}: {}", String::from_utf8_lossy(&body)))),
        }
    }

    /// A watch: the body as it comes.
    pub async fn stream(&mut self, path: &str) -> Result<Incoming, BenchError> {
        let response = self.send("GET", path, Bytes::new()).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => Err(BenchError(format!("GET {path}: {}", response.status()))),
        }
    }
}
