//! A watch's lines as events.

use crate::connection::Received;
use client::{Watch, WatchEvent};
use futures::StreamExt;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use meta::{Object, Status, Value};
use std::sync::Arc;

/// A line that grows beyond this is no event.
const LONGEST: usize = 16 * 1024 * 1024;
const INITIAL_END: &str = "k8s.io/initial-events-end";

struct Lines {
    body: Incoming,
    rest: Vec<u8>,
    over: bool,
}

pub fn stream(received: Received) -> Watch {
    let lines = Lines { body: received.body(), rest: Vec::new(), over: false };
    let next = |mut lines: Lines| async move { lines.next().await.map(|event| (event, lines)) };
    futures::stream::unfold(lines, next).boxed()
}

impl Lines {
    async fn next(&mut self) -> Option<Result<WatchEvent, Status>> {
        if self.over {
            return None;
        }
        let event = match self.line().await? {
            Ok(line) => event(&line),
            Err(status) => Err(status),
        };
        self.over = event.is_err();
        Some(event)
    }

    /// The next whole line; none when the server has ended the watch.
    async fn line(&mut self) -> Option<Result<Vec<u8>, Status>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let after = self.rest.split_off(end + 1);
                return Some(Ok(std::mem::replace(&mut self.rest, after)));
            }
            if self.rest.len() > LONGEST {
                return Some(Err(Status::internal("an event is too long")));
            }
            match self.body.frame().await? {
                Ok(frame) => self.rest.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
                Err(error) => return Some(Err(Status::timeout(format!("the watch broke off: {error}"), 0))),
            }
        }
    }
}

fn event(line: &[u8]) -> Result<WatchEvent, Status> {
    let mut value = meta::parse(line).map_err(|error| Status::internal(format!("an event is no JSON: {error}")))?;
    let object = value.remove("object").unwrap_or_default();
    match value.str("type") {
        "BOOKMARK" => Ok(bookmark(&object)),
        "ERROR" => Err(object.decode().unwrap_or_else(|error| Status::internal(format!("an unknown error: {error}")))),
        word => {
            let object = Arc::new(Object::from_value(&object).map_err(Status::internal)?);
            match word {
                "ADDED" => Ok(WatchEvent::Added(object)),
                "MODIFIED" => Ok(WatchEvent::Modified(object)),
                "DELETED" => Ok(WatchEvent::Deleted(object)),
                other => Err(Status::internal(format!("an event of the unknown type {other:?}"))),
            }
        }
    }
}

fn bookmark(object: &Value) -> WatchEvent {
    let revision = object.str("metadata.resourceVersion").parse().unwrap_or(0);
    let ended = object.at("metadata.annotations").get(INITIAL_END).as_str() == Some("true");
    WatchEvent::Bookmark { revision, initial_end: ended }
}
