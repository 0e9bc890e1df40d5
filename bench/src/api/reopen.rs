//! T21: a server that is killed over many objects, and started again.

use super::BenchError;
use super::figure::Figures;
use super::server::Server;
use bytes::Bytes;
use clock::SystemClock;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use store::{Expect, Store, Txn};
use store_disk::DiskStore;
use tempfile::TempDir;

/// Written at the same time, as by so many clients.
const TOGETHER: usize = 500;

/// How often it is killed and started again.
const TIMES: usize = 3;

/// The figures of each start.
pub async fn run(program: &Path, port: u16, objects: usize) -> Result<Vec<Figures>, BenchError> {
    let dir = TempDir::new_in("/var/tmp").map_err(BenchError::new)?;
    Server::k1s(program, dir.path(), port).await?.stop().await?;
    fill(&dir.path().join("store"), objects).await?;
    Server::k1s(program, dir.path(), port).await?.kill().await?;
    let mut starts = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let server = Server::k1s(program, dir.path(), port).await?;
        let mut figures = Figures::default();
        figures.put("reopen", server.began_within.as_secs_f64());
        starts.push(figures);
        server.kill().await?;
    }
    Ok(starts)
}

async fn fill(dir: &Path, objects: usize) -> Result<(), BenchError> {
    let store = store_disk::open(dir, Arc::new(SystemClock)).map_err(BenchError::new)?;
    for begin in (0..objects).step_by(TOGETHER) {
        put(&store, begin, objects.min(begin + TOGETHER)).await?;
    }
    store.close().await.map_err(BenchError::new)
}

async fn put(store: &DiskStore, begin: usize, end: usize) -> Result<(), BenchError> {
    let writes = (begin..end).map(|number| {
        let key: Arc<str> = format!("/registry/configmaps/default/c{number:07}").into();
        store.txn(Txn::new().expect(key.clone(), Expect::Absent).put(key, config_map(number)))
    });
    for written in futures::future::join_all(writes).await {
        if !written.map_err(BenchError::new)?.succeeded {
            return Err(BenchError("an object was there before it was made".into()));
        }
    }
    Ok(())
}

/// As the server stores one.
fn config_map(number: usize) -> Bytes {
    let metadata = json!({
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": "bench", "shard": format!("s{}", number % 100)},
        "name": format!("c{number:07}"),
        "namespace": "default",
        "uid": format!("00000000-0000-4000-8000-{number:012}"),
    });
    let text = "x".repeat(600);
    format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{metadata},"data":{{"text":"{text}"}}}}"#).into()
}
