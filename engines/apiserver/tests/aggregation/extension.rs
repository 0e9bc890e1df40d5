//! A server of another group: it believes the front proxy's certificate alone and tells what it was told.

use apiserver::FrontProxy;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use meta::{Value, value};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub const GROUP: &str = "things.example.com";
pub const PATH: &str = "/apis/things.example.com/v1";

pub struct Extension {
    pub address: SocketAddr,
    authority: CertifiedIssuer<'static, KeyPair>,
}

fn key(pair: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(pair.serialize_der()).into()
}

/// No endpoint may be a loopback address.
fn own_address() -> std::net::IpAddr {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("there is a network");
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).expect("this machine has a way out"); // nothing is sent
    socket.local_addr().expect("a socket has an address").ip()
}

impl Extension {
    pub async fn start() -> Extension {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pair = KeyPair::generate().expect("a key can be made");
        let authority = CertifiedIssuer::self_signed(params, pair).expect("an authority can be made");
        let listener = TcpListener::bind((own_address(), 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        tokio::spawn(serve(listener, acceptor(&authority)));
        Extension { address, authority }
    }

    pub fn front_proxy(&self) -> FrontProxy {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, FrontProxy::NAME);
        let pair = KeyPair::generate().expect("a key can be made");
        let signed = params.signed_by(&pair, &self.authority).expect("a certificate can be signed");
        let (authority, chain) = (self.authority.pem(), vec![signed.der().clone()]);
        FrontProxy { authority, clients: String::new(), chain, key: key(&pair) }
    }
}

fn acceptor(authority: &CertifiedIssuer<'static, KeyPair>) -> TlsAcceptor {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("the authority is one");
    let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("clients can be checked");
    let pair = KeyPair::generate().expect("a key can be made");
    let own = CertificateParams::new(vec!["api.default.svc".into()]).expect("the name is one");
    let own = own.self_signed(&pair).expect("a certificate can be made");
    let builder = rustls::ServerConfig::builder().with_client_cert_verifier(clients);
    let config = builder.with_single_cert(vec![own.der().clone()], key(&pair)).expect("the certificate is good");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = hyper::service::service_fn(answer);
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            drop(served.await); // a client that goes is no failure of this server
        });
    }
}

async fn answer(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (code, body) = match request.uri().path() {
        PATH => (200, resources()),
        path if path.starts_with(PATH) => (200, told(&request)),
        _ => (404, Value::Null),
    };
    let mut response = http::Response::new(Full::from(body.to_json()));
    *response.status_mut() = http::StatusCode::from_u16(code).expect("the code is one");
    Ok(response)
}

fn resources() -> Value {
    value!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": (format!("{GROUP}/v1")), "resources": [
        {"name": "things", "singularName": "thing", "namespaced": true, "kind": "Thing", "verbs": ["get", "list"]}]})
}

/// Every header with its values, and what was asked for. No connection comes so far without a certificate.
fn told(request: &http::Request<Incoming>) -> Value {
    let mut told = value!({"certificate": "shown", "path": (request.uri().to_string())});
    for name in request.headers().keys() {
        let values = request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        *told.entry(name.as_str()) = values.map(Value::from).collect::<Vec<_>>().into();
    }
    told
}
