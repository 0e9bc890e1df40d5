//! The server over fakes: who gets in, and what they get.

use super::authn::Identity;
use super::{Site, access, converse};
use crate::config::Config;
use crate::context::{Context, Doors};
use crate::pods::dispatch::{Dispatcher, Roster};
use crate::volumes::mounts::NoMounts;
use bytes::Bytes;
use client::fake::FakeApi;
use client::{Answer, ApiClient, Body, Request, Watch};
use clock::VirtualClock;
use cri::fake::FakeRuntime;
use futures::future::BoxFuture;
use futures::{SinkExt, StreamExt};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use meta::{Gvr, Key, Object, Status};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::duplex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Knows one token, and lets one user do everything.
struct Judge(FakeApi);

impl ApiClient for Judge {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        let Body::Object(mut body) = request.body.clone() else { return self.0.call(request) };
        match request.resource.resource.as_str() {
            "tokenreviews" => {
                body.set("status.authenticated", body.str("spec.token") != "bad");
                body.set("status.user.username", body.str("spec.token").to_owned());
            }
            "subjectaccessreviews" => {
                let admin = body.str("spec.user") == "admin";
                let scraper = body.str("spec.user") == "scraper";
                let metrics = body.str("spec.resourceAttributes.subresource") == "metrics";
                body.set("status.allowed", admin || (scraper && metrics));
            }
            _ => return self.0.call(request),
        }
        body.set("metadata.name", "review");
        let object = Object::from_value(&body).map_err(Status::internal);
        Box::pin(async move { Ok(Answer::Object(Arc::new(object?))) })
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        self.0.watch(request)
    }

    fn discover(&self) -> BoxFuture<'_, Result<plan::Catalog, Status>> {
        self.0.discover()
    }
}

struct Fixture {
    site: Arc<Site>,
    api: FakeApi,
    runtime: FakeRuntime,
    _directory: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let clock = Arc::new(VirtualClock::new(3));
    let api = FakeApi::new(clock.clone());
    let runtime = FakeRuntime::new(clock.clone()).with_log_files();
    let directory = tempfile::tempdir().unwrap();
    let client: Arc<dyn ApiClient> = Arc::new(Judge(api.clone()));
    let doors = Doors {
        client: client.clone(),
        runtime: Arc::new(runtime.clone()),
        images: Arc::new(runtime.clone()),
        clock: clock.clone(),
        mounts: Arc::new(NoMounts),
    };
    let config = Config::new("node", directory.path());
    let context = Context::new(config, doors, "fake".into(), 1 << 30);
    let roster = Arc::new(Roster::default());
    let mut dispatcher = Dispatcher::new(context.clone(), roster.clone());
    let changes = dispatcher.begin().await;
    tokio::spawn(dispatcher.run(changes));
    tokio::spawn(crate::pods::runtime_events::follow(context.clone(), roster.clone()));
    let guard = access::Guard::new(client, clock, "node");
    let fixture = Fixture { site: Arc::new(Site { context, roster, guard }), api, runtime, _directory: directory };
    fixture.pod().await;
    fixture
}

impl Fixture {
    /// A pod with one container that says hello and copies its input.
    async fn pod(&self) {
        let pod = meta::value!({
            "metadata": {"name": "p"},
            "spec": {"nodeName": "node", "containers": [{"name": "a", "image": "i"}]},
        });
        let pods = Gvr::new("", "v1", "pods");
        self.api.create(&pods, "default", &pod);
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let pod = self.api.get(&pods, &Key::new("default", "p")).unwrap();
            if pod.value().str("status.phase") == "Running" {
                let status = &pod.value().items("status.containerStatuses")[0];
                let id = status.str("containerID").trim_start_matches("fake://").to_owned();
                self.runtime.log(&id, "stdout", "hello");
                self.runtime.log(&id, "stdout", "world");
                return;
            }
        }
        panic!("the pod does not run");
    }

    async fn send(&self, request: http::Request<Empty<Bytes>>) -> http::Response<hyper::body::Incoming> {
        let (client, server) = duplex(1 << 16);
        tokio::spawn(converse(server, None, self.site.clone()));
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, token: &str) -> (StatusCode, String) {
        let mut request = http::Request::builder().method(method).uri(path).header("host", "node");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = self.send(request.body(Empty::new()).unwrap()).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn check(&self, path: &str, expect: &str) {
        let (status, body) = self.ask(Method::GET, path, "admin").await;
        assert_eq!(format!("{} {body}", status.as_u16()), expect, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_those_get_in_who_may() {
    let fixture = fixture().await;
    for (path, token, expect) in [
        ("/pods", "", StatusCode::UNAUTHORIZED),
        ("/pods", "bad", StatusCode::UNAUTHORIZED),
        ("/pods", "scraper", StatusCode::FORBIDDEN),
        ("/metrics/resource", "scraper", StatusCode::OK),
        ("/pods", "admin", StatusCode::OK),
        ("/healthz", "admin", StatusCode::OK),
        ("/nowhere", "admin", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(fixture.ask(Method::GET, path, token).await.0, expect, "{path} {token}");
    }
    let (_, message) = fixture.ask(Method::GET, "/pods", "scraper").await;
    assert_eq!(message, "Forbidden (user=scraper, verb=get, resource=nodes, subresource(s)=[pods,proxy])");
}

#[tokio::test(start_paused = true)]
async fn logs_are_served_as_asked() {
    let fixture = fixture().await;
    fixture.check("/containerLogs/default/p/a", "200 hello\nworld\n").await;
    fixture.check("/containerLogs/default/p/a?tailLines=1", "200 world\n").await;
    fixture.check("/containerLogs/default/p/a?limitBytes=3", "200 hel").await;
    fixture.check("/containerLogs/default/p/a?tailLines=x", "422 {\"message\": \"Invalid request.\"}").await;
    fixture.check("/containerLogs/default/q/a", "404 pod \"q\" does not exist").await;
    fixture.check("/containerLogs/default/p/b", "404 container \"b\" not found in pod \"p\"").await;
    let none = "400 previous terminated container \"a\" in pod \"p\" not found";
    fixture.check("/containerLogs/default/p/a?previous=true", none).await;
}

#[tokio::test(start_paused = true)]
async fn statistics_and_pods() {
    let fixture = fixture().await;
    let read = async |path: &str| {
        let (_, body) = fixture.ask(Method::GET, path, "admin").await;
        meta::parse(body.as_bytes()).unwrap()
    };
    let summary = read("/stats/summary").await;
    assert_eq!(summary.str("node.nodeName"), "node");
    assert_eq!(summary.items("pods")[0].str("podRef.name"), "p");
    assert_eq!(summary.items("pods")[0].items("containers")[0].str("name"), "a");
    let pods = read("/pods").await;
    assert_eq!(pods.str("kind"), "PodList");
    assert_eq!(pods.items("items")[0].str("status.phase"), "Running");
    assert_eq!(read("/runningpods/").await.items("items")[0].str("metadata.name"), "p");
    let (_, metrics) = fixture.ask(Method::GET, "/metrics/resource", "admin").await;
    assert!(metrics.contains("pod_memory_working_set_bytes{namespace=\"default\",pod=\"p\"} "), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn a_command_is_run() {
    let fixture = fixture().await;
    let (status, body) = fixture.ask(Method::POST, "/run/default/p/a?cmd=echo+hi", "admin").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "hi\n"));
    let (status, _) = fixture.ask(Method::POST, "/run/default/p/a?cmd=false", "admin").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let (status, body) = fixture.ask(Method::POST, "/exec/default/p/a?command=x", "admin").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body, "you must specify at least 1 of stdin, stdout, stderr");
}

#[tokio::test(start_paused = true)]
async fn exec_over_websocket() {
    let fixture = fixture().await;
    let request = http::Request::get("/exec/default/p/a?command=echo&command=hi&output=1&error=1")
        .header("host", "node")
        .header("authorization", "Bearer admin")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "v5.channel.k8s.io")
        .body(Empty::new())
        .unwrap();
    let mut response = fixture.send(request).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let wire = hyper::upgrade::on(&mut response).await.unwrap();
    let mut client = WebSocketStream::from_raw_socket(TokioIo::new(wire), Role::Client, None).await;
    let mut heard = Vec::new();
    while let Some(Ok(message)) = client.next().await {
        match message {
            Message::Binary(bytes) => heard.push((bytes[0], String::from_utf8_lossy(&bytes[1..]).into_owned())),
            Message::Close(frame) => assert_eq!(u16::from(frame.unwrap().code), 1000),
            _ => {}
        }
    }
    assert_eq!(heard, [(1, "hi\n".to_owned()), (3, r#"{"metadata":{},"status":"Success"}"#.to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_port_is_forwarded_over_channels() {
    let fixture = fixture().await;
    let request = http::Request::get("/portForward/default/p?ports=80")
        .header("host", "node")
        .header("authorization", "Bearer admin")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "v4.channel.k8s.io")
        .body(Empty::new())
        .unwrap();
    let mut response = fixture.send(request).await;
    let wire = hyper::upgrade::on(&mut response).await.unwrap();
    let mut client = WebSocketStream::from_raw_socket(TokioIo::new(wire), Role::Client, None).await;
    let mut next = async || match client.next().await {
        Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!(next().await, [0, 80, 0]);
    assert_eq!(next().await, [1, 80, 0]);
    client.send(Message::Binary(Bytes::from_static(b"\0ping"))).await.unwrap();
    let Some(Ok(Message::Binary(echo))) = client.next().await else { panic!("nothing came back") };
    assert_eq!(echo[0], 0);
    assert!(echo.len() > 1);
}

#[test]
fn a_certificate_names_its_user() {
    assert_eq!(Identity::of_certificate(b"nonsense"), None);
}
