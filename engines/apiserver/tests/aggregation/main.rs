//! A group that another server answers, over TLS and HTTP: who may ask, whom the other is told of, and what discovery says.

mod extension;

use apiserver::authn::Keys;
use apiserver::identity::{Identity, MASTERS};
use apiserver::{ApiServer, Config, InProcess};
use bytes::Bytes;
use client::{ApiClient, Request};
use clock::{Clock, VirtualClock};
use extension::{Extension, GROUP, PATH};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use meta::{Gvr, Value, value};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

async fn server(extension: &Extension) -> ApiServer {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(1));
    let signer = rcgen::KeyPair::generate().expect("a key can be made").serialize_pem();
    let keys = Keys::open(&signer, "").expect("the key is good");
    let alone = Config::alone(Arc::new(store::Memory::new(clock.clone())), clock, keys);
    let config = Config { front_proxy: Some(extension.front_proxy()), ..alone };
    ApiServer::start(config).await.expect("the server starts")
}

/// By the administrator, who may.
async fn given(server: &ApiServer, of: Gvr, namespace: &str, object: Value) {
    let admin = Identity::new("admin", &[MASTERS]);
    let made = InProcess::new(server.api.clone(), admin, "test").call(Request::create(of, namespace, object)).await;
    made.expect("what a test needs can be made");
}

/// The code and the body, JSON or not.
async fn ask(server: &ApiServer, who: &Identity, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let (frontend, peer) = (server.frontend.clone(), Arc::new(who.clone()));
    let service = hyper::service::service_fn(move |request| {
        let (frontend, peer) = (frontend.clone(), peer.clone());
        async move { Ok::<_, Infallible>(frontend.handle(Some(peer), request).await) }
    });
    tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(near)).await.expect("a connection starts");
    tokio::spawn(connection);
    let mut request = http::Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::default()).expect("the request is one");
    let answer = sender.send_request(request).await.expect("there is an answer");
    let code = answer.status().as_u16();
    let text = answer.into_body().collect().await.expect("the answer is whole").to_bytes();
    (code, meta::parse(&text).unwrap_or_else(|_| String::from_utf8_lossy(&text).trim().into()))
}

fn service_of(group: &str) -> Value {
    value!({"metadata": {"name": (format!("v1.{group}"))}, "spec": {"group": group, "version": "v1",
        "groupPriorityMinimum": 100i64, "versionPriority": 10i64, "insecureSkipTLSVerify": true,
        "service": {"namespace": "default", "name": "api", "port": 443i64}}})
}

/// Where the extension server is found, and then that its group is there.
async fn join(server: &ApiServer, extension: &Extension) {
    let apis = Gvr::new("apiregistration.k8s.io", "v1", "apiservices");
    given(server, apis, "", service_of(GROUP)).await;
    let admin = Identity::new("admin", &[MASTERS]);
    let (code, why) = ask(server, &admin, &format!("{PATH}/things"), &[]).await;
    assert!(matches!((code, why.as_str()), (404, _) | (503, Some("service unavailable"))), "{code} {why}");
    let port = value!({"name": "https", "port": 443i64, "protocol": "TCP"});
    let service = value!({"metadata": {"name": "api"}, "spec": {"ports": [port]}});
    given(server, Gvr::new("", "v1", "services"), "default", service).await;
    let slice = value!({"metadata": {"name": "api", "labels": {"kubernetes.io/service-name": "api"}},
        "addressType": "IPv4", "ports": [{"name": "https", "port": (i64::from(extension.address.port()))}],
        "endpoints": [{"addresses": [(extension.address.ip().to_string())]}]});
    given(server, Gvr::new("discovery.k8s.io", "v1", "endpointslices"), "default", slice).await;
    let found = async {
        while ask(server, &admin, &format!("{PATH}/things"), &[]).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await; // the other server is a real one, on a real network
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the group is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_answers_for_its_group() {
    let extension = Extension::start().await;
    let server = server(&extension).await;
    join(&server, &extension).await;
    let admin = Identity::new("admin", &[MASTERS]);

    let sent = [("x-remote-user", "root"), ("x-remote-group", MASTERS), ("authorization", "Bearer x"), ("x-own", "1")];
    let (code, told) = ask(&server, &admin, &format!("{PATH}/things?watch=false"), &sent).await;
    assert_eq!(code, 200);
    assert_eq!(told.str("path"), format!("{PATH}/things?watch=false"));
    assert_eq!(told.str("certificate"), "shown");
    assert_eq!(told.at("x-remote-user"), &value!(["admin"]));
    assert_eq!(told.at("x-remote-group"), &value!([MASTERS, "system:authenticated"]));
    assert_eq!((told.at("authorization"), told.at("x-own")), (&Value::Null, &value!(["1"])));

    let taken_for = [("impersonate-user", "eve"), ("impersonate-group", MASTERS)];
    let (_, told) = ask(&server, &admin, &format!("{PATH}/things"), &taken_for).await;
    assert_eq!((told.at("x-remote-user"), told.at("impersonate-user")), (&value!(["eve"]), &Value::Null));

    let (code, refused) = ask(&server, &Identity::new("eve", &[]), &format!("{PATH}/things"), &[]).await;
    let why = format!(
        "things.{GROUP} is forbidden: User \"eve\" cannot list resource \"things\" in API group \"{GROUP}\" at the cluster scope"
    );
    assert_eq!((code, refused.str("message")), (403, why.as_str()));

    let (_, group) = ask(&server, &admin, &format!("/apis/{GROUP}"), &[]).await;
    assert_eq!(group.str("preferredVersion.groupVersion"), format!("{GROUP}/v1"));
    let aggregated = [("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")];
    let (_, groups) = ask(&server, &admin, "/apis", &aggregated).await;
    let last = groups.items("items").last().expect("there are groups");
    assert_eq!((last.str("metadata.name"), last.items("versions").len()), (GROUP, 1));
    assert_eq!(last.items("versions")[0].items("resources")[0].str("resource"), "things");
}
