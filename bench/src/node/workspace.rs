//! A namespace for one measurement, and what is put into it.

use crate::api::BenchError;
use crate::api::client::{Connection, Target};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 64;
const PAUSE: Duration = Duration::from_millis(2);
const PAUSES: usize = 30_000;

pub struct Workspace {
    pub target: Target,
    pub namespace: String,
}

impl Workspace {
    /// A new namespace in which pods can be made.
    pub async fn open(kubeconfig: &Path, name: &str) -> Result<Workspace, BenchError> {
        let target = Target::read(kubeconfig)?;
        let namespace = format!("bench-{name}-{}", std::process::id());
        let mut connection = target.connect().await?;
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        connection.ask("POST", "/api/v1/namespaces", object.to_string()).await?;
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        wait_for(&mut connection, &account).await?;
        Ok(Workspace { target, namespace })
    }

    pub fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    /// Makes objects with many requests on their way.
    pub async fn make(
        &self,
        path: &str,
        count: usize,
        object: impl Fn(usize) -> Value + Send + Sync + 'static,
    ) -> Result<(), BenchError> {
        let (next, object) = (Arc::new(AtomicUsize::new(0)), Arc::new(object));
        let mut tasks = JoinSet::new();
        for _ in 0..IN_FLIGHT.min(count) {
            let (mut connection, path) = (self.target.connect().await?, path.to_owned());
            let (next, object) = (next.clone(), object.clone());
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok::<_, BenchError>(());
                    }
                    connection.ask("POST", &path, object(number).to_string()).await?;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.map_err(BenchError::new)??;
        }
        Ok(())
    }

    pub async fn close(self) -> Result<(), BenchError> {
        let path = format!("/api/v1/namespaces/{}", self.namespace);
        self.target.connect().await?.ask("DELETE", &path, "").await.map(drop)
    }

    /// Ends it, and waits until it has gone: what follows is measured alone.
    pub async fn clear(self) -> Result<(), BenchError> {
        let (target, pods) = (self.target.clone(), self.pods());
        let path = format!("/api/v1/namespaces/{}", self.namespace);
        self.close().await?;
        let mut connection = target.connect().await?;
        // Nobody on nodes that are objects alone would ever say that a pod has ended.
        connection.ask("DELETE", &format!("{pods}?gracePeriodSeconds=0"), "").await?;
        for _ in 0..PAUSES {
            if connection.ask("GET", &path, "").await.is_err() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(BenchError(format!("{path} does not go")))
    }
}

/// What others make in their own time.
pub async fn wait_for(connection: &mut Connection, path: &str) -> Result<(), BenchError> {
    let mut last = None;
    for _ in 0..PAUSES {
        match connection.ask("GET", path, "").await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(last.unwrap_or_else(|| BenchError(format!("{path} does not come"))))
}

/// A pod of one container that runs until it is told to end.
pub fn pod(name: &str, image: &str) -> Value {
    let container = json!({"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "bench"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    })
}
