//! What a watch tells, as far as figures need it: the rest of each object is skipped.

use crate::api::BenchError;
use crate::api::client::Connection;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

/// A cluster that tells nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub object: Seen,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Seen {
    pub metadata: Metadata,
    pub spec: Spec,
    pub status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub resource_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    pub node_name: Option<String>,
    pub taints: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    pub phase: String,
    pub conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
}

#[derive(Deserialize)]
struct List {
    metadata: Metadata,
    items: Vec<Seen>,
}

impl Seen {
    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().flatten().any(|c| c.kind == "Ready" && c.status == "True")
    }

    pub fn is_running(&self) -> bool {
        self.status.phase == "Running"
    }
}

pub struct Watch {
    // The stream lives as long as its connection.
    _connection: Connection,
    body: Incoming,
    rest: Vec<u8>,
}

/// All there is, and a watch from there on.
pub async fn list_and_watch(mut connection: Connection, path: &str) -> Result<(Vec<Seen>, Watch), BenchError> {
    let body = connection.ask("GET", path, "").await?;
    let list: List = serde_json::from_slice(&body).map_err(BenchError::new)?;
    let from = format!("{path}?watch=true&resourceVersion={}", list.metadata.resource_version);
    let body = connection.stream(&from).await?;
    Ok((list.items, Watch { _connection: connection, body, rest: Vec::new() }))
}

impl Watch {
    /// The events of one frame or more, in order.
    pub async fn next(&mut self) -> Result<Vec<Event>, BenchError> {
        loop {
            let frame = timeout(PATIENCE, self.body.frame()).await;
            let frame = frame.map_err(|_| BenchError::new("the watch tells nothing any more"))?;
            let frame = frame.ok_or_else(|| BenchError::new("the watch ended"))?.map_err(BenchError::new)?;
            self.rest.extend(frame.into_data().unwrap_or_default());
            let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let whole: Vec<u8> = self.rest.drain(..=end).collect();
            return whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(read).collect();
        }
    }

    /// Reads on until something is so.
    pub async fn until(&mut self, mut is_so: impl FnMut(&Event) -> bool) -> Result<(), BenchError> {
        loop {
            if self.next().await?.iter().any(&mut is_so) {
                return Ok(());
            }
        }
    }
}

fn read(line: &[u8]) -> Result<Event, BenchError> {
    serde_json::from_slice(line).map_err(|why| BenchError(format!("{why}: {}", String::from_utf8_lossy(line))))
}
