//! The measures, each with its check.

mod create;
mod get;
mod idle;
mod informers;
mod objects;
mod pods;
mod serial;
mod watch;

use super::client::{Connection, Target};
use super::figure::Figures;
use super::{BenchError, Sizes, cpu};
use bytes::Bytes;
use objects::config_map;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const IN_FLIGHT: usize = 256;

pub struct Bench {
    target: Target,
    /// Where the server's kubeconfig lies, and its data.
    directory: PathBuf,
    pids: Vec<u32>,
    sizes: Sizes,
}

/// What a measure began with.
pub struct Began {
    at: Instant,
    cpu: f64,
}

/// What it took.
pub struct Took {
    pub wall: f64,
    pub cpu: f64,
}

impl Bench {
    pub fn new(kubeconfig: &Path, pids: Vec<u32>, sizes: Sizes) -> Result<Bench, BenchError> {
        let directory = kubeconfig.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Bench { target: Target::read(kubeconfig)?, directory, pids, sizes })
    }

    pub async fn run(&self, figures: &mut Figures) -> Result<(), BenchError> {
        for measure in &self.sizes.measures {
            let namespace = format!("bench-{measure}-{}", std::process::id());
            self.make_namespace(&namespace).await?;
            match measure.as_str() {
                "create" => self.create(&namespace, figures).await?,
                "serial" => self.serial(&namespace, figures).await?,
                "get" => self.get(&namespace, figures).await?,
                "pods" => self.pods(&namespace, figures).await?,
                "watch" => self.watch(&namespace, figures).await?,
                "idle" => self.idle(&namespace, figures).await?,
                other => return Err(BenchError(format!("there is no measure {other:?}"))),
            }
            self.remove_namespace(&namespace).await?;
        }
        Ok(())
    }

    fn begin(&self) -> Result<Began, BenchError> {
        Ok(Began { at: Instant::now(), cpu: cpu::seconds(&self.pids)? })
    }

    fn took(&self, began: &Began) -> Result<Took, BenchError> {
        Ok(Took { wall: began.at.elapsed().as_secs_f64(), cpu: cpu::seconds(&self.pids)? - began.cpu })
    }

    async fn make_namespace(&self, namespace: &str) -> Result<(), BenchError> {
        let mut connection = self.target.connect().await?;
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        connection.ask("POST", "/api/v1/namespaces", object.to_string()).await?;
        // Without controllers nobody makes the account that pods run as; with them it may be there already.
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
        match connection.ask("POST", &path, account.to_string()).await {
            Err(BenchError(why)) if !why.contains("409") => Err(BenchError(why)),
            _ => Ok(()),
        }
    }

    async fn remove_namespace(&self, namespace: &str) -> Result<(), BenchError> {
        if self.sizes.keep {
            return Ok(());
        }
        let mut connection = self.target.connect().await?;
        for kind in ["configmaps", "pods"] {
            let path = format!("/api/v1/namespaces/{namespace}/{kind}?gracePeriodSeconds=0");
            connection.ask("DELETE", &path, Bytes::new()).await?;
        }
        connection.ask("DELETE", &format!("/api/v1/namespaces/{namespace}"), Bytes::new()).await.map(drop)
    }

    async fn connections(&self, count: usize) -> Result<Vec<Connection>, BenchError> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(self.target.connect().await?);
        }
        Ok(connections)
    }

    /// Makes `count` objects with a request in flight on each connection; how long each took.
    async fn make(
        &self,
        connections: Vec<Connection>,
        path: &str,
        count: usize,
        object: impl Fn(&str) -> Bytes + Clone + Send + 'static,
    ) -> Result<Vec<Duration>, BenchError> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for connection in connections {
            tasks.spawn(make_some(connection, next.clone(), count, path.to_string(), object.clone()));
        }
        let mut all = Vec::with_capacity(count);
        while let Some(done) = tasks.join_next().await {
            all.extend(done.map_err(BenchError::new)??);
        }
        Ok(all)
    }

    /// Every object that was acknowledged is there.
    async fn check(&self, path: &str, count: usize) -> Result<(), BenchError> {
        let mut connection = self.target.connect().await?;
        let body = connection.ask("GET", path, Bytes::new()).await?;
        let list: Value = serde_json::from_slice(&body).map_err(BenchError::new)?;
        let items = list["items"].as_array().into_iter().flatten();
        let names: BTreeSet<&str> = items.filter_map(|item| item["metadata"]["name"].as_str()).collect();
        let lost = (0..count).filter(|number| !names.contains(format!("c{number}").as_str())).count();
        match lost {
            0 => Ok(()),
            lost => Err(BenchError(format!("{lost} of {count} acknowledged objects are not there"))),
        }
    }
}

fn collection(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps")
}

async fn make_some(
    mut connection: Connection,
    next: Arc<AtomicUsize>,
    count: usize,
    path: String,
    object: impl Fn(&str) -> Bytes,
) -> Result<Vec<Duration>, BenchError> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(times);
        }
        let begun = Instant::now();
        connection.ask("POST", &path, object(&format!("c{number}"))).await?;
        times.push(begun.elapsed());
    }
}
