//! Paths, read from top to bottom.

use super::answer::{Answer, json, not_found, text};
use super::authn::Identity;
use super::query::Query;
use super::streams::{self, Place};
use super::{Site, logs, metrics, stats};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use k8s_openapi::List;
use k8s_openapi::api::core::v1::Pod;

pub async fn route(site: &Site, shown: Option<Identity>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    match site.guard.admit(shown, request.method(), &path, request.headers()).await {
        Ok(_) => answer(site, &path, request).await,
        Err(refusal) => refusal.into(),
    }
}

async fn answer(site: &Site, path: &str, request: Request<Incoming>) -> Answer {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let streamed = get || request.method() == Method::POST;
    let result = match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] | ["healthz", "ping" | "log" | "syncloop"] if get => {
            Ok(text(StatusCode::OK, "ok"))
        }
        ["pods"] if get => Ok(pods(site)),
        ["runningpods"] if get => stats::running_pods(site).await,
        ["containerLogs", namespace, pod, name] if get => {
            logs::logs(site, Place { namespace, pod, container: name }, &query, request).await
        }
        ["exec", namespace, pod, container] | ["exec", namespace, pod, _, container] if streamed => {
            streams::exec(site, Place { namespace, pod, container }, &query, request).await
        }
        ["attach", namespace, pod, container] | ["attach", namespace, pod, _, container] if streamed => {
            streams::attach(site, Place { namespace, pod, container }, &query, request).await
        }
        ["portForward", namespace, pod] | ["portForward", namespace, pod, _] if streamed => {
            streams::port_forward(site, namespace, pod, &query, request).await
        }
        ["run", namespace, pod, container] | ["run", namespace, pod, _, container]
            if request.method() == Method::POST =>
        {
            streams::run(site, Place { namespace, pod, container }, &query).await
        }
        ["stats", "summary"] if get => stats::summary(site).await,
        ["metrics"] if get => Ok(metrics::own(site)),
        ["metrics", "resource"] if get => metrics::resource(site).await,
        _ => Ok(not_found()),
    };
    result.unwrap_or_else(Answer::from)
}

fn pods(site: &Site) -> Answer {
    let items = site.roster.pods().iter().map(|pod| (**pod).clone()).collect();
    json(&List::<Pod> { items, ..List::default() })
}
