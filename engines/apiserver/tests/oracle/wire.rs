//! A connection to either side: to k1s in this process, through its HTTP front end without TLS, or to upstream.

use apiserver::authn::Keys;
use apiserver::http::Frontend;
use apiserver::identity::{Identity, MASTERS};
use apiserver::{ApiServer, Config};
use bytes::Bytes;
use clock::{Clock, VirtualClock};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

const PATIENCE: Duration = Duration::from_secs(20);
pub const JSON: &str = "application/json";
pub const NAMESPACE: &str = "/api/v1/namespaces/oracle";

#[derive(Clone)]
pub enum Door {
    Ours(Arc<Frontend>),
    Upstream(String),
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub content_type: String,
    pub accept: String,
    pub body: String,
}

impl Asked {
    pub fn new(method: &str, path: impl Into<String>, content_type: &str, body: impl Into<String>) -> Asked {
        Asked {
            method: method.into(),
            path: path.into(),
            content_type: content_type.into(),
            accept: JSON.into(),
            body: body.into(),
        }
    }
}

/// An answer as it came; a code of 0 is a connection that was closed instead.
#[derive(Default)]
pub struct Heard {
    pub code: u16,
    pub warnings: Vec<String>,
    pub body: Bytes,
}

pub struct Connection {
    door: Door,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub fn new(door: &Door) -> Connection {
        Connection { door: door.clone(), sender: None }
    }

    pub async fn ask(&mut self, asked: &Asked) -> Heard {
        let answer = tokio::time::timeout(PATIENCE, self.try_ask(asked)).await;
        match answer {
            Ok(Some(heard)) => heard,
            _ => {
                self.sender = None;
                Heard::default()
            }
        }
    }

    /// Until what a definition's `spec` names is served.
    pub async fn await_kind(&mut self, spec: &Value) {
        let text = |at: &str| spec.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let path = format!("/apis/{}/{}/{}", text("/group"), text("/versions/0/name"), text("/names/plural"));
        let served = async {
            while self.ask(&Asked::new("GET", &path, JSON, "")).await.code != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, served).await.unwrap_or_else(|_| panic!("{path} is never served"));
    }

    async fn try_ask(&mut self, asked: &Asked) -> Option<Heard> {
        if self.sender.as_ref().is_none_or(SendRequest::is_closed) {
            self.sender = Some(self.door.open().await);
        }
        let sender = self.sender.as_mut()?;
        sender.ready().await.ok()?;
        let request = http::Request::builder()
            .method(asked.method.as_str())
            .uri(asked.path.as_str())
            .header("host", "localhost")
            .header("user-agent", "oracle")
            .header("accept", &asked.accept)
            .header("content-type", &asked.content_type)
            .body(Full::new(Bytes::from(asked.body.clone())))
            .unwrap_or_else(|error| panic!("{} {}: {error}", asked.method, asked.path));
        let (head, body) = sender.send_request(request).await.ok()?.into_parts();
        let warnings = head.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok());
        let warnings = warnings.map(|text| text.trim_start_matches("299 - ").to_string()).collect();
        Some(Heard { code: head.status.as_u16(), warnings, body: body.collect().await.ok()?.to_bytes() })
    }
}

impl Door {
    async fn open(&self) -> SendRequest<Full<Bytes>> {
        match self {
            Door::Upstream(address) => {
                client(tokio::net::TcpStream::connect(address).await.expect("upstream is there")).await
            }
            Door::Ours(frontend) => {
                let (near, far) = tokio::io::duplex(1 << 20);
                tokio::spawn(serve(frontend.clone(), far));
                client(near).await
            }
        }
    }
}

async fn client(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> SendRequest<Full<Bytes>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection starts");
    tokio::spawn(connection);
    sender
}

async fn serve(frontend: Arc<Frontend>, stream: tokio::io::DuplexStream) {
    let certificate = ("authentication.kubernetes.io/credential-id".to_string(), vec!["X509SHA256=HASH".into()]);
    let peer = Arc::new(Identity { extra: [certificate].into(), ..Identity::new("admin", &[MASTERS]) });
    let service = hyper::service::service_fn(move |request| {
        let (frontend, peer) = (frontend.clone(), peer.clone());
        async move { Ok::<_, Infallible>(frontend.handle(Some(peer), request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        println!("a connection ended: {error}");
    }
}

/// k1s with an empty store, and what every suite counts on.
pub async fn ours() -> Door {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(1));
    let signer = rcgen::KeyPair::generate().expect("a key can be made").serialize_pem();
    let keys = Keys::open(&signer, "").expect("the key is good");
    let config = Config::alone(Arc::new(store::Memory::new(clock.clone())), clock, keys);
    let server = Box::leak(Box::new(ApiServer::start(config).await.expect("the server starts")));
    let door = Door::Ours(server.frontend.clone());
    prepare(&door).await;
    door
}

/// The namespace of the scripts, and the accounts that pods run as: no controller makes them here.
pub async fn prepare(door: &Door) {
    let mut connection = Connection::new(door);
    let leaving = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"}}}}"#, "oracle");
    let mut wanted = vec![("/api/v1/namespaces".to_string(), leaving)];
    for (namespace, account) in [("default", "sample"), ("default", "default"), ("oracle", "default")] {
        let account = format!(r#"{{"metadata":{{"name":"{account}"}}}}"#);
        wanted.push((format!("/api/v1/namespaces/{namespace}/serviceaccounts"), account));
    }
    for (path, body) in wanted {
        let heard = connection.ask(&Asked::new("POST", path.as_str(), JSON, body)).await;
        let there = matches!(heard.code, 201 | 409);
        assert!(there, "POST {path}: {} {}", heard.code, String::from_utf8_lossy(&heard.body));
    }
}
