//! The measures, each with its check.

use super::client::{Connection, Target};
use super::spread::Spread;
use super::{BenchError, Options, cpu};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const IN_FLIGHT: usize = 256;
const READERS: usize = 64;
const SERIAL: usize = 1_000;
const READS: usize = 40_000;
const EVENTS: usize = 300;

struct Bench<'a> {
    options: &'a Options,
    target: Target,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let bench = Bench { options, target: Target::read(&options.kubeconfig)? };
    for measure in &options.measures {
        match measure.as_str() {
            "create" => bench.create().await?,
            "serial" => bench.serial().await?,
            "get" => bench.get().await?,
            "list" => bench.list().await?,
            "selector" => bench.selector().await?,
            "watch" => bench.watch().await?,
            other => return Err(BenchError(format!("there is no measure {other:?}"))),
        }
    }
    let (now, peak) = cpu::memory(&options.pids)?;
    println!("memory     {:.1} MiB resident, {:.1} MiB at the peak", now as f64 / 1024.0, peak as f64 / 1024.0);
    Ok(())
}

fn collection(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps")
}

/// A ConfigMap of about 1 KiB.
fn config_map(name: &str) -> Bytes {
    let labels = json!({"app": "bench", "shard": format!("s{}", name.len() % 7)});
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"text": "x".repeat(800)}});
    object.to_string().into()
}

impl Bench<'_> {
    /// A namespace of its own for one measure; gone with all it holds when the measure is over.
    async fn in_namespace<F: Future<Output = Result<(), BenchError>>>(
        &self,
        name: &str,
        measure: impl FnOnce(String) -> F,
    ) -> Result<(), BenchError> {
        let namespace = format!("bench-{name}-{}", std::process::id());
        let mut connection = self.target.connect().await?;
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        connection.ask("POST", "/api/v1/namespaces", object.to_string()).await?;
        let outcome = measure(namespace.clone()).await;
        connection.ask("DELETE", &collection(&namespace), Bytes::new()).await?;
        connection.ask("DELETE", &format!("/api/v1/namespaces/{namespace}"), Bytes::new()).await?;
        outcome
    }

    /// Makes `count` objects with many requests in flight; how long each took.
    async fn make(&self, namespace: &str, count: usize) -> Result<Vec<Duration>, BenchError> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..IN_FLIGHT.min(count) {
            let (mut connection, next, path) = (self.target.connect().await?, next.clone(), collection(namespace));
            tasks.spawn(async move {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok::<_, BenchError>(times);
                    }
                    let begun = Instant::now();
                    connection.ask("POST", &path, config_map(&format!("c{number}"))).await?;
                    times.push(begun.elapsed());
                }
            });
        }
        let mut all = Vec::with_capacity(count);
        while let Some(done) = tasks.join_next().await {
            all.extend(done.map_err(BenchError::new)??);
        }
        Ok(all)
    }

    /// Every object that was acknowledged is there.
    async fn check(&self, namespace: &str, count: usize) -> Result<(), BenchError> {
        let mut connection = self.target.connect().await?;
        let list: Value = serde_json::from_slice(&connection.ask("GET", &collection(namespace), Bytes::new()).await?)
            .map_err(BenchError::new)?;
        let names: BTreeSet<&str> = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["metadata"]["name"].as_str())
            .collect();
        let lost = (0..count).filter(|number| !names.contains(format!("c{number}").as_str())).count();
        match lost {
            0 => Ok(()),
            lost => Err(BenchError(format!("{lost} of {count} acknowledged objects are not there"))),
        }
    }

    async fn create(&self) -> Result<(), BenchError> {
        let count = self.options.objects;
        self.in_namespace("create", |namespace| async move {
            let (before, begun) = (cpu::seconds(&self.options.pids)?, Instant::now());
            let spread = Spread::of(self.make(&namespace, count).await?);
            let (wall, used) = (begun.elapsed().as_secs_f64(), cpu::seconds(&self.options.pids)? - before);
            self.check(&namespace, count).await?;
            println!(
                "T1 create  {:.0}/s, {:.3} CPU s per 1,000, p50 {:.2} ms, p99 {:.2} ms ({count} objects, {IN_FLIGHT} in flight)",
                count as f64 / wall,
                used * 1000.0 / count as f64,
                spread.at(0.5),
                spread.at(0.99)
            );
            Ok(())
        })
        .await
    }

    async fn serial(&self) -> Result<(), BenchError> {
        self.in_namespace("serial", |namespace| async move {
            let mut connection = self.target.connect().await?;
            let mut times = Vec::with_capacity(SERIAL);
            for number in 0..SERIAL {
                let begun = Instant::now();
                connection.ask("POST", &collection(&namespace), config_map(&format!("c{number}"))).await?;
                times.push(begun.elapsed());
            }
            self.check(&namespace, SERIAL).await?;
            let spread = Spread::of(times);
            println!(
                "T2 serial  p50 {:.3} ms, p99 {:.3} ms ({SERIAL} creates, one client)",
                spread.at(0.5),
                spread.at(0.99)
            );
            Ok(())
        })
        .await
    }

    async fn get(&self) -> Result<(), BenchError> {
        self.in_namespace("get", |namespace| async move {
            self.make(&namespace, 100).await?;
            let (before, begun) = (cpu::seconds(&self.options.pids)?, Instant::now());
            let mut tasks = tokio::task::JoinSet::new();
            for reader in 0..READERS {
                let (mut connection, path) =
                    (self.target.connect().await?, format!("{}/c{}", collection(&namespace), reader % 100));
                tasks.spawn(async move {
                    let mut times = Vec::new();
                    for _ in 0..READS / READERS {
                        let begun = Instant::now();
                        let body = connection.ask("GET", &path, Bytes::new()).await?;
                        times.push(begun.elapsed());
                        if body.len() < 800 {
                            return Err(BenchError("an object came back too small".into()));
                        }
                    }
                    Ok(times)
                });
            }
            let mut all = Vec::new();
            while let Some(done) = tasks.join_next().await {
                all.extend(done.map_err(BenchError::new)??);
            }
            let (wall, used, count) =
                (begun.elapsed().as_secs_f64(), cpu::seconds(&self.options.pids)? - before, all.len() as f64);
            let spread = Spread::of(all);
            println!(
                "T3 get     {:.0}/s, {:.3} CPU s per 1,000, p50 {:.2} ms, p99 {:.2} ms ({READERS} in flight)",
                count / wall,
                used * 1000.0 / count,
                spread.at(0.5),
                spread.at(0.99)
            );
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<(), BenchError> {
        let count = self.options.objects;
        self.in_namespace("list", |namespace| async move {
            self.make(&namespace, count).await?;
            let mut connection = self.target.connect().await?;
            let (before, (_, peak_before)) = (cpu::seconds(&self.options.pids)?, cpu::memory(&self.options.pids)?);
            let (mut times, mut bytes) = (Vec::new(), 0);
            for _ in 0..5 {
                let begun = Instant::now();
                let body = connection.ask("GET", &collection(&namespace), Bytes::new()).await?;
                times.push(begun.elapsed());
                bytes = body.len();
            }
            let used = (cpu::seconds(&self.options.pids)? - before) / 5.0;
            let (_, peak) = cpu::memory(&self.options.pids)?;
            self.check(&namespace, count).await?;
            println!(
                "T4 list    {:.1} ms median, {used:.3} CPU s, peak grew {:.1} MiB ({count} objects, {:.1} MB JSON)",
                Spread::of(times).at(0.5),
                peak.saturating_sub(peak_before) as f64 / 1024.0,
                bytes as f64 / 1e6
            );
            Ok(())
        })
        .await
    }

    async fn selector(&self) -> Result<(), BenchError> {
        let count = self.options.objects;
        self.in_namespace("selector", |namespace| async move {
            self.make(&namespace, count).await?;
            let mut connection = self.target.connect().await?;
            let path = format!("{}?labelSelector=app%3Dnothing", collection(&namespace));
            let mut times = Vec::new();
            for _ in 0..50 {
                let begun = Instant::now();
                let body = connection.ask("GET", &path, Bytes::new()).await?;
                times.push(begun.elapsed());
                if body.len() > 1_000 {
                    return Err(BenchError("objects came that the selector does not match".into()));
                }
            }
            let spread = Spread::of(times);
            println!(
                "T5 select  {:.3} ms median, {:.3} ms p99 ({count} objects, no match)",
                spread.at(0.5),
                spread.at(0.99)
            );
            Ok(())
        })
        .await
    }

    async fn watch(&self) -> Result<(), BenchError> {
        let watchers = self.options.watchers;
        self.in_namespace("watch", |namespace| async move {
            let mut connection = self.target.connect().await?;
            let list: Value = serde_json::from_slice(&connection.ask("GET", &collection(&namespace), Bytes::new()).await?).map_err(BenchError::new)?;
            let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_string();
            let (idle_before, _) = cpu::memory(&self.options.pids)?;
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..watchers {
                let path = format!("{}?watch=true&resourceVersion={version}", collection(&namespace));
                let mut connection = self.target.connect().await?;
                let body = connection.stream(&path).await?;
                tasks.spawn(follow(body, connection));
            }
            let (idle, _) = cpu::memory(&self.options.pids)?;
            let (before, begun) = (cpu::seconds(&self.options.pids)?, Instant::now());
            for number in 0..EVENTS {
                connection.ask("POST", &collection(&namespace), config_map(&format!("c{number}"))).await?;
            }
            let mut last = begun;
            while let Some(done) = tasks.join_next().await {
                last = last.max(done.map_err(BenchError::new)??);
            }
            let (wall, used) = ((last - begun).as_secs_f64(), cpu::seconds(&self.options.pids)? - before);
            let delivered = (watchers * EVENTS) as f64;
            println!(
                "T6 watch   {:.0} events/s, {:.2} us of CPU an event ({watchers} watchers, {EVENTS} events, all in order)",
                delivered / wall,
                used * 1e6 / delivered
            );
            println!("T7 idle    {:.1} KiB a watch just after opening", idle.saturating_sub(idle_before) as f64 / watchers as f64);
            Ok(())
        })
        .await
    }
}

/// Reads a watch until every event has come, each once and in order; when the last one came.
async fn follow(mut body: hyper::body::Incoming, _kept: Connection) -> Result<Instant, BenchError> {
    let (mut rest, mut next) = (Vec::new(), 0);
    while next < EVENTS {
        let frame =
            body.frame().await.ok_or_else(|| BenchError("a watch ended early".into()))?.map_err(BenchError::new)?;
        rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        let mut begin = 0;
        while let Some(length) = rest[begin..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[begin..begin + length];
            let name = format!("\"name\":\"c{next}\"");
            if !line.windows(name.len()).any(|window| window == name.as_bytes()) {
                return Err(BenchError(format!("event {next} is missing or out of order")));
            }
            (next, begin) = (next + 1, begin + length + 1);
        }
        rest.drain(..begin);
    }
    Ok(Instant::now())
}
