//! T6: many watchers of one kind while several clients write, as fast as they can and steadily; each gets every event
//! once and in order.

use super::super::client::{Connection, Target};
use super::super::figure::Figures;
use super::super::spread::Spread;
use super::super::{BenchError, cpu};
use super::{Bench, Took, collection, config_map};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const EVENTS: usize = 1_000;
const WRITERS: usize = 16;
/// Between two writes, where the server is offered what it should be able to tell a thousand watchers.
const STEADY: Duration = Duration::from_micros(3_333);

/// When each object's creation was sent.
type Sent = Arc<Mutex<Vec<Option<Instant>>>>;

/// Watchers at work.
struct Crowd {
    tasks: JoinSet<Result<Vec<Duration>, BenchError>>,
    path: String,
    sent: Sent,
}

impl Bench {
    pub(super) async fn watch(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let (idle_before, _) = cpu::memory(&self.pids)?;
        let crowd = self.crowd(collection(namespace)).await?;
        let (idle, _) = cpu::memory(&self.pids)?;
        figures.put("connection-memory", idle.saturating_sub(idle_before) as f64 / self.sizes.watchers as f64);
        let (took, lags) = self.told(crowd, Duration::ZERO).await?;
        let (delivered, spread) = (lags.len() as f64, Spread::of(lags));
        figures.put("watch-cpu", took.cpu * 1e6 / delivered);
        figures.put("watch-rate", delivered / took.wall);
        figures.put("watch-lag-p50", spread.at(0.5));
        figures.put("watch-lag-p99", spread.at(0.99));
        let steady = format!("{namespace}-steady");
        self.make_namespace(&steady).await?;
        let crowd = self.crowd(collection(&steady)).await?;
        let spread = Spread::of(self.told(crowd, STEADY).await?.1);
        figures.put("steady-lag-p50", spread.at(0.5));
        figures.put("steady-lag-p99", spread.at(0.99));
        self.remove_namespace(&steady).await
    }

    async fn crowd(&self, path: String) -> Result<Crowd, BenchError> {
        let (sent, mut tasks) = (Sent::new(Mutex::new(vec![None; EVENTS])), JoinSet::new());
        let version = self.version(&path).await?.parse().map_err(BenchError::new)?;
        for _ in 0..self.sizes.watchers {
            let watch = Watch { target: self.target.clone(), path: path.clone() };
            let opened = watch.open(version).await?;
            tasks.spawn(follow(watch, opened, version, sent.clone()));
        }
        Ok(Crowd { tasks, path, sent })
    }

    /// Writes one object after each pause, and waits until every watcher has heard of all; how late each event was.
    async fn told(&self, mut crowd: Crowd, pause: Duration) -> Result<(Took, Vec<Duration>), BenchError> {
        let (began, mut writers) = (self.begin()?, JoinSet::new());
        for first in 0..WRITERS {
            let connection = self.target.connect().await?;
            writers.spawn(write(connection, crowd.path.clone(), first, pause, crowd.sent.clone()));
        }
        while let Some(done) = writers.join_next().await {
            done.map_err(BenchError::new)??;
        }
        let mut lags = Vec::new();
        while let Some(done) = crowd.tasks.join_next().await {
            lags.extend(done.map_err(BenchError::new)??);
        }
        Ok((self.took(&began)?, lags))
    }

    /// Where a list of the collection stands.
    pub(super) async fn version(&self, path: &str) -> Result<String, BenchError> {
        let body = self.target.connect().await?.ask("GET", &format!("{path}?limit=1"), Bytes::new()).await?;
        let list: Value = serde_json::from_slice(&body).map_err(BenchError::new)?;
        Ok(list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_string())
    }
}

async fn write(
    mut connection: Connection,
    path: String,
    first: usize,
    pause: Duration,
    sent: Sent,
) -> Result<(), BenchError> {
    let began = Instant::now();
    for number in (first..EVENTS).step_by(WRITERS) {
        tokio::time::sleep_until(began + pause * number as u32).await;
        sent.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(Instant::now());
        connection.ask("POST", &path, config_map(&format!("c{number}"))).await?;
    }
    Ok(())
}

struct Watch {
    target: Target,
    path: String,
}

impl Watch {
    async fn open(&self, version: u64) -> Result<(Incoming, Connection), BenchError> {
        let mut connection = self.target.connect().await?;
        let body = connection.stream(&format!("{}?watch=true&resourceVersion={version}", self.path)).await?;
        Ok((body, connection))
    }
}

/// Reads a watch until every event has come, each once and in order; how late each was. A server may end the watch of
/// one that reads slowly, who then goes on where it was, as every client does.
async fn follow(
    watch: Watch,
    (mut body, mut _kept): (Incoming, Connection),
    version: u64,
    sent: Sent,
) -> Result<Vec<Duration>, BenchError> {
    let (mut rest, mut read) = (Vec::new(), Read { sent, version, seen: vec![false; EVENTS], lags: Vec::new() });
    while read.lags.len() < EVENTS {
        let Some(frame) = body.frame().await else {
            (body, _kept) = watch.open(read.version).await?;
            rest.clear();
            continue;
        };
        let frame = frame.map_err(BenchError::new)?;
        let now = Instant::now();
        rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        let mut begin = 0;
        while let Some(length) = rest[begin..].iter().position(|byte| *byte == b'\n') {
            read.line(&rest[begin..begin + length], now)?;
            begin += length + 1;
        }
        rest.drain(..begin);
    }
    Ok(read.lags)
}

/// What one watcher has read so far.
struct Read {
    sent: Sent,
    version: u64,
    seen: Vec<bool>,
    lags: Vec<Duration>,
}

impl Read {
    fn line(&mut self, line: &[u8], now: Instant) -> Result<(), BenchError> {
        let wrong = |why: &str| BenchError(format!("{why}: {}", String::from_utf8_lossy(line)));
        let number = number_after(line, b"\"name\":\"c").ok_or_else(|| wrong("an event without a name"))? as usize;
        let version =
            number_after(line, b"\"resourceVersion\":\"").ok_or_else(|| wrong("an event without a version"))?;
        if version <= self.version {
            return Err(wrong("an event out of order"));
        }
        let first = self.seen.get_mut(number).is_some_and(|seen| !std::mem::replace(seen, true));
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied().flatten();
        let Some(sent) = sent.filter(|_| first) else { return Err(wrong("an event of nothing, or told twice")) };
        self.version = version;
        self.lags.push(now - sent);
        Ok(())
    }
}

fn number_after(line: &[u8], what: &[u8]) -> Option<u64> {
    let at = line.windows(what.len()).position(|window| window == what)? + what.len();
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&line[at..at + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_disorder_are_noticed() {
        let line = |number: u64, version: u64| {
            format!(r#"{{"object":{{"metadata":{{"resourceVersion":"{version}","name":"c{number}"}}}}}}"#).into_bytes()
        };
        for (lines, fine) in [
            (vec![(1, 5), (0, 7)], true),
            (vec![(1, 5), (1, 7)], false),
            (vec![(1, 5), (0, 5)], false),
            (vec![(2, 5)], false),
        ] {
            let now = Instant::now();
            let sent = Sent::new(Mutex::new(vec![Some(now); 2]));
            let mut read = Read { sent, version: 0, seen: vec![false; 2], lags: Vec::new() };
            let read = lines.iter().try_for_each(|(number, version)| read.line(&line(*number, *version), now));
            assert_eq!(read.is_ok(), fine, "{lines:?}");
        }
    }
}
