//! A request over HTTP: any answer from 200 to 399 is good. Certificates are not asked for whom they speak.

use super::{Outcome, ports, tcp};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Container, HTTPGetAction};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const LONGEST_BODY: usize = 10 << 10;
const MOST_REDIRECTS: usize = 10;

#[derive(Debug)]
pub enum HttpError {
    Port,
    Request(http::Error),
    Connect(String),
    Exchange(String),
    Status(u16),
    Redirects,
    Timeout,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Port => f.write_str("invalid port"),
            HttpError::Request(error) => error.fmt(f),
            HttpError::Connect(text) | HttpError::Exchange(text) => f.write_str(text),
            HttpError::Status(code) => write!(f, "HTTP probe failed with statuscode: {code}"),
            HttpError::Redirects => f.write_str("stopped after 10 redirects"),
            HttpError::Timeout => {
                f.write_str("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
            }
        }
    }
}

impl std::error::Error for HttpError {}

/// Where to ask, and with what words.
#[derive(Clone, Debug)]
pub struct Target {
    secure: bool,
    host: String,
    port: u16,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    agent: &'static str,
}

impl Target {
    pub fn new(
        action: &HTTPGetAction,
        container: &Container,
        pod_ip: &str,
        agent: &'static str,
    ) -> Result<Target, HttpError> {
        let port = ports::resolve(&action.port, container).ok_or(HttpError::Port)?;
        let mut headers = Vec::new();
        for given in action.http_headers.iter().flatten() {
            let name = HeaderName::try_from(given.name.as_str()).map_err(|e| HttpError::Request(e.into()))?;
            let value = HeaderValue::try_from(given.value.as_str()).map_err(|e| HttpError::Request(e.into()))?;
            headers.push((name, value));
        }
        let path = action.path.clone().unwrap_or_default();
        Ok(Target {
            secure: action.scheme.as_deref() == Some("HTTPS"),
            host: action.host.clone().filter(|h| !h.is_empty()).unwrap_or_else(|| pod_ip.into()),
            port,
            path: if path.starts_with('/') { path } else { format!("/{path}") },
            headers,
            agent,
        })
    }

    fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority(), self.path)
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, HttpError> {
        let mut request = Request::get(&self.path).body(Empty::new()).map_err(HttpError::Request)?;
        let headers = request.headers_mut();
        let host = HeaderValue::try_from(self.authority()).map_err(|e| HttpError::Request(e.into()))?;
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(self.agent));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }

    /// A redirect within the same host is followed; one to elsewhere is none of ours.
    fn redirected(&self, response: &Response<Incoming>) -> Option<Target> {
        let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = response.headers().get(header::LOCATION).filter(|_| redirects)?.to_str().ok()?;
        let uri: http::Uri = location.parse().ok()?;
        if uri.host().is_some_and(|host| host.trim_matches(['[', ']']) != self.host) {
            return None;
        }
        let secure = uri.scheme_str().map_or(self.secure, |scheme| scheme == "https");
        let port = uri.port_u16().unwrap_or(match (uri.host().is_some(), secure) {
            (false, _) => self.port,
            (true, true) => 443,
            (true, false) => 80,
        });
        let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Some(Target { secure, port, path, ..self.clone() })
    }
}

pub async fn probe(action: &HTTPGetAction, container: &Container, pod_ip: &str, wait: Duration) -> Outcome {
    match Target::new(action, container, pod_ip, "kube-probe/1.35") {
        Err(error) => Outcome::Unknown(error.to_string()),
        Ok(target) => match get(&target, wait).await {
            Ok(_) => Outcome::Success,
            Err(error @ HttpError::Status(_)) => Outcome::Failure(error.to_string()),
            Err(error) => Outcome::Failure(format!("Get \"{}\": {error}", target.url())),
        },
    }
}

/// The beginning of the body of a good answer.
pub async fn get(target: &Target, wait: Duration) -> Result<Bytes, HttpError> {
    timeout(wait, follow(target)).await.map_err(|_| HttpError::Timeout)?
}

async fn follow(target: &Target) -> Result<Bytes, HttpError> {
    let mut target = target.clone();
    for _ in 0..MOST_REDIRECTS {
        let response = send(&target).await?;
        match target.redirected(&response) {
            Some(next) => target = next,
            None => return read(response).await,
        }
    }
    Err(HttpError::Redirects)
}

async fn read(response: Response<Incoming>) -> Result<Bytes, HttpError> {
    let code = response.status().as_u16();
    if !(200..400).contains(&code) {
        return Err(HttpError::Status(code));
    }
    // A body that is longer or breaks off does not change the answer.
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await;
    Ok(body.map(|body| body.to_bytes()).unwrap_or_default())
}

async fn send(target: &Target) -> Result<Response<Incoming>, HttpError> {
    let request = target.request()?;
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(|error| {
        HttpError::Connect(format!("dial tcp {}: connect: {}", target.authority(), tcp::reason(&error)))
    })?;
    if !target.secure {
        return exchange(stream, request).await;
    }
    let name = ServerName::try_from(target.host.clone()).map_err(|e| HttpError::Connect(e.to_string()))?;
    let stream = TlsConnector::from(TLS.clone()).connect(name, stream).await;
    exchange(stream.map_err(|e| HttpError::Connect(e.to_string()))?, request).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, HttpError> {
    let failed = |error: hyper::Error| HttpError::Exchange(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // The connection lives as long as its answer is read, and its end is told there.
    tokio::spawn(async move { connection.await.ok() });
    sender.send_request(request).await.map_err(failed)
}

static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate));
    Arc::new(config.with_no_client_auth())
});

/// A probe asks whether a port answers, not who it is.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn check(answer: &'static str, expect: Outcome) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            for text in [answer, "HTTP/1.1 204 No Content\r\n\r\n"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut buffer = [0; 1024];
                let read = stream.read(&mut buffer).await.unwrap();
                assert!(String::from_utf8_lossy(&buffer[..read]).contains("user-agent: kube-probe/1.35"));
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        let json = format!(r#"{{"port":{port},"path":"healthz"}}"#);
        let action = serde_json::from_str(&json).unwrap();
        let outcome = probe(&action, &Container::default(), "127.0.0.1", Duration::from_secs(2)).await;
        assert_eq!(outcome, expect, "{answer}");
    }

    #[tokio::test]
    async fn answers_make_outcomes() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Outcome::Success).await;
        check(
            "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
            Outcome::Failure("HTTP probe failed with statuscode: 503".into()),
        )
        .await;
        check("HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n", Outcome::Success).await;
        check("HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n", Outcome::Success).await;
    }
}
