//! `/containerLogs`: what a container has written, and what it goes on to write.

use super::answer::{Answer, Refusal, refuse, stream};
use super::query::Query;
use super::streams::{Place, agree, hand_on};
use super::{Site, container};
use crate::logs::read::{LogOptions, Writer, send};
use crate::streaming::websocket::{self, Encoding};
use bytes::Bytes;
use cri::v1::{ContainerState, ContainerStatusRequest};
use cri::{Events, Runtime};
use futures::StreamExt;
use futures::future::BoxFuture;
use http::header::UPGRADE;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use jiff::SignedDuration;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

const WAITING: usize = 8;
const BINARY: &str = "binary.k8s.io";
const BASE64: &str = "base64.binary.k8s.io";

pub async fn logs(site: &Site, place: Place<'_>, query: &Query, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let options = options(site, query).map_err(|why| refuse(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    let pod = container::pod(site, place.namespace, place.pod)?;
    let id = container::logged(&pod, place.container, query.flag(&["previous"]))?;
    let runtime = site.context.runtime.clone();
    let failed = |error: &dyn std::fmt::Display| {
        refuse(StatusCode::BAD_REQUEST, format!("failed to try resolving symlinks in path: {error}"))
    };
    let status = runtime.container_status(ContainerStatusRequest { container_id: id.clone(), verbose: false }).await;
    let path = status.map_err(|error| failed(&error))?.status.map(|s| s.log_path).unwrap_or_default();
    if let Err(error) = std::fs::metadata(&path) {
        return Err(failed(&error));
    }
    let (sender, pieces) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut writer = RuntimeWriter { events: runtime.container_events(), runtime, id };
        if let Err(error) = send(&PathBuf::from(&path), &options, &mut writer, &sender).await {
            tracing::warn!(path, %error, "a log could not be read to its end");
        }
    });
    match request.headers().contains_key(UPGRADE) {
        true => over_websocket(request, pieces),
        false => Ok(stream(pieces)),
    }
}

fn over_websocket(mut request: Request<Incoming>, pieces: mpsc::Receiver<Bytes>) -> Result<Answer, Refusal> {
    let agreement = agree(&request, &[BINARY, BASE64, ""], &[])?;
    let encoding = if agreement.protocol == BASE64 { Encoding::Base64 } else { Encoding::Plain };
    Ok(hand_on(&agreement, hyper::upgrade::on(&mut request), move |wire| {
        Box::pin(async move {
            websocket::send_all(wire, pieces, encoding).await;
            Ok(())
        })
    }))
}

fn options(site: &Site, query: &Query) -> Result<LogOptions, String> {
    let invalid = |_| "{\"message\": \"Invalid request.\"}".to_owned();
    let tail = match query.get("tail").filter(|tail| *tail != "all") {
        Some(_) => query.number("tail"),
        None => query.number("tailLines"),
    };
    let now = site.context.clock.now();
    let seconds = query.number("sinceSeconds").map_err(invalid)?;
    let ago = seconds.map(|s| SignedDuration::from_secs(i64::try_from(s).unwrap_or(i64::MAX)));
    let since = ago.map(|ago| now.saturating_sub(ago).unwrap_or(now));
    let limit_bytes = query.number("limitBytes").map_err(invalid)?;
    if limit_bytes == Some(0) {
        return Err("{\"message\": \"Invalid request.\"}".into());
    }
    Ok(LogOptions {
        follow: query.flag(&["follow"]),
        tail: tail.map_err(invalid)?,
        since: query.time("sinceTime").map_err(invalid)?.or(since),
        timestamps: query.flag(&["timestamps"]),
        limit_bytes,
    })
}

/// A container that the runtime knows.
struct RuntimeWriter {
    runtime: Arc<dyn Runtime>,
    events: Events,
    id: String,
}

impl Writer for RuntimeWriter {
    fn is_writing(&mut self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            let request = ContainerStatusRequest { container_id: self.id.clone(), verbose: false };
            // One that the runtime does not know writes nothing.
            let status = self.runtime.container_status(request).await.ok().and_then(|answer| answer.status);
            status.is_some_and(|s| {
                matches!(s.state(), ContainerState::ContainerRunning | ContainerState::ContainerCreated)
            })
        })
    }

    fn changed(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            loop {
                match self.events.next().await {
                    Some(Ok(event)) if event.container_id != self.id => {}
                    Some(_) => return,
                    // Nothing more is heard: the file alone tells.
                    None => std::future::pending().await,
                }
            }
        })
    }
}
