//! Connections to one server: HTTP/2 over TLS, made when they are needed and kept by the pool.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use meta::Status;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;

/// Whom to trust and how to prove who asks, in PEM.
#[derive(Clone)]
pub struct Credentials {
    pub authority: String,
    pub certificate: String,
    pub key: String,
}

#[derive(Debug)]
pub enum OpenError {
    Address(String),
    Credentials(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Address(server) => write!(f, "{server:?} is no https address"),
            OpenError::Credentials(why) => write!(f, "the credentials cannot be used: {why}"),
        }
    }
}

impl std::error::Error for OpenError {}

pub struct Connections {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authority: Authority,
    agent: HeaderValue,
}

/// An answer whose body has not been read yet.
pub struct Received(http::Response<Incoming>);

impl Connections {
    pub fn open(server: &str, credentials: &Credentials, agent: &str) -> Result<Connections, OpenError> {
        let address = || OpenError::Address(server.into());
        let uri: Uri = server.parse().map_err(|_| address())?;
        let authority = uri.authority().filter(|_| uri.scheme() == Some(&Scheme::HTTPS)).ok_or_else(address)?.clone();
        let mut transport = HttpConnector::new();
        transport.enforce_http(false);
        transport.set_nodelay(true);
        let tls = tls(credentials)?;
        let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http2();
        let client = Client::builder(TokioExecutor::new()).build(connector.wrap_connector(transport));
        let agent = HeaderValue::from_str(agent).map_err(|_| OpenError::Credentials("the agent's name".into()))?;
        Ok(Connections { client, authority, agent })
    }

    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Bytes) -> Result<Received, Status> {
        self.send_accepting(method, path, content_type, "application/json", body).await
    }

    pub async fn send_accepting(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        accept: &'static str,
        body: Bytes,
    ) -> Result<Received, Status> {
        let path: PathAndQuery = path.parse().map_err(Status::internal)?;
        let uri = Uri::builder().scheme(Scheme::HTTPS).authority(self.authority.clone()).path_and_query(path);
        let mut request = Request::builder().method(method).uri(uri.build().map_err(Status::internal)?);
        request = request.header(USER_AGENT, &self.agent).header(ACCEPT, accept);
        if !content_type.is_empty() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Full::new(body)).map_err(Status::internal)?;
        // Whether the server has acted on a request whose answer did not come is not known.
        let lost = |error: hyper_util::client::legacy::Error| Status::timeout(format!("no answer came: {error}"), 0);
        self.client.request(request).await.map(Received).map_err(lost)
    }
}

impl Received {
    pub fn code(&self) -> StatusCode {
        self.0.status()
    }

    pub fn body(self) -> Incoming {
        self.0.into_body()
    }

    pub async fn whole(self) -> Result<(StatusCode, Bytes), Status> {
        let code = self.code();
        let body = self.body().collect().await;
        let lost = |error: hyper::Error| Status::timeout(format!("the answer broke off: {error}"), 0);
        Ok((code, body.map_err(lost)?.to_bytes()))
    }
}

fn tls(credentials: &Credentials) -> Result<rustls::ClientConfig, OpenError> {
    let refused = |why: &dyn fmt::Display| OpenError::Credentials(why.to_string());
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| refused(&error));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate(&credentials.authority)?).map_err(|error| refused(&error))?;
    let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes()).map_err(|error| refused(&error))?;
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    builder.with_client_auth_cert(vec![certificate(&credentials.certificate)?], key).map_err(|error| refused(&error))
}
