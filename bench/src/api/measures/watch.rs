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
use memchr::{memchr, memmem};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const EVENTS: usize = 1_000;
const WRITERS: usize = 16;
/// Between two writes, where the server is offered what it should be able to tell a thousand watchers.
const STEADY: Duration = Duration::from_micros(3_333);

/// When each object's creation was sent.
type Sent = Arc<[OnceLock<Instant>]>;

fn unsent(objects: usize) -> Sent {
    (0..objects).map(|_| OnceLock::new()).collect()
}

/// Watchers at work.
struct Crowd {
    tasks: JoinSet<Result<Heard, BenchError>>,
    path: String,
    sent: Sent,
}

/// What watchers heard.
#[derive(Default)]
struct Heard {
    /// How late each event was.
    lags: Vec<Duration>,
    /// Watches that the server ended, for they were slow.
    ended: usize,
}

impl Bench {
    pub(super) async fn watch(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let (idle_before, _) = cpu::memory(&self.pids)?;
        let crowd = self.crowd(collection(namespace)).await?;
        let (idle, _) = cpu::memory(&self.pids)?;
        figures.put("connection-memory", idle.saturating_sub(idle_before) as f64 / self.sizes.watchers as f64);
        let (took, heard) = self.told(crowd, Duration::ZERO).await?;
        let (delivered, spread) = (heard.lags.len() as f64, Spread::of(heard.lags));
        figures.put("watch-cpu", took.cpu * 1e6 / delivered);
        figures.put("watch-rate", delivered / took.wall);
        figures.put("watch-lag-p50", spread.at(0.5));
        figures.put("watch-lag-p99", spread.at(0.99));
        figures.put("watch-ended", heard.ended as f64);
        let steady = format!("{namespace}-steady");
        self.make_namespace(&steady).await?;
        let crowd = self.crowd(collection(&steady)).await?;
        let (took, heard) = self.told(crowd, STEADY).await?;
        let (delivered, spread) = (heard.lags.len() as f64, Spread::of(heard.lags));
        figures.put("steady-cpu", took.cpu * 1e6 / delivered);
        figures.put("steady-lag-p50", spread.at(0.5));
        figures.put("steady-lag-p99", spread.at(0.99));
        self.remove_namespace(&steady).await
    }

    async fn crowd(&self, path: String) -> Result<Crowd, BenchError> {
        let (sent, mut tasks) = (unsent(EVENTS), JoinSet::new());
        let version = self.version(&path).await?.parse().map_err(BenchError::new)?;
        for _ in 0..self.sizes.watchers {
            let watch = Watch { target: self.target.clone(), path: path.clone() };
            let mut connection = self.target.connect().await?;
            let body = watch.from(&mut connection, version).await?;
            tasks.spawn(follow(watch, connection, body, version, sent.clone()));
        }
        Ok(Crowd { tasks, path, sent })
    }

    /// Writes one object after each pause, and waits until every watcher has heard of all.
    async fn told(&self, mut crowd: Crowd, pause: Duration) -> Result<(Took, Heard), BenchError> {
        let (began, mut writers) = (self.begin()?, JoinSet::new());
        for first in 0..WRITERS {
            let connection = self.target.connect().await?;
            writers.spawn(write(connection, crowd.path.clone(), first, pause, crowd.sent.clone()));
        }
        while let Some(done) = writers.join_next().await {
            done.map_err(BenchError::new)??;
        }
        let mut all = Heard::default();
        while let Some(done) = crowd.tasks.join_next().await {
            let heard = done.map_err(BenchError::new)??;
            all.lags.extend(heard.lags);
            all.ended += heard.ended;
        }
        Ok((self.took(&began)?, all))
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
        sent[number].get_or_init(Instant::now);
        connection.ask("POST", &path, config_map(&format!("c{number}"))).await?;
    }
    Ok(())
}

struct Watch {
    target: Target,
    path: String,
}

impl Watch {
    /// What happens beyond a version, on a connection that is idle.
    async fn from(&self, connection: &mut Connection, version: u64) -> Result<Incoming, BenchError> {
        connection.stream(&format!("{}?watch=true&resourceVersion={version}", self.path)).await
    }
}

/// Reads a watch until every event has come, each once and in order. A server may end the watch of one that reads slowly,
/// who then goes on where it was, as every client does: on the same connection, or on another when that is closed too.
async fn follow(
    watch: Watch,
    mut connection: Connection,
    mut body: Incoming,
    version: u64,
    sent: Sent,
) -> Result<Heard, BenchError> {
    let (mut rest, mut read) = (Vec::new(), Read { sent, version, seen: vec![false; EVENTS], heard: Heard::default() });
    while read.heard.lags.len() < EVENTS {
        let Some(frame) = body.frame().await else {
            read.heard.ended += 1;
            rest.clear();
            body = match watch.from(&mut connection, read.version).await {
                Ok(body) => body,
                Err(_closed) => {
                    connection = watch.target.connect().await?;
                    watch.from(&mut connection, read.version).await?
                }
            };
            continue;
        };
        let frame = frame.map_err(BenchError::new)?;
        let now = Instant::now();
        rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        let mut begin = 0;
        while let Some(length) = memchr(b'\n', &rest[begin..]) {
            read.line(&rest[begin..begin + length], now)?;
            begin += length + 1;
        }
        rest.drain(..begin);
    }
    Ok(read.heard)
}

/// What one watcher has read so far.
struct Read {
    sent: Sent,
    version: u64,
    seen: Vec<bool>,
    heard: Heard,
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
        let sent = self.sent.get(number).and_then(OnceLock::get).filter(|_| first);
        let Some(sent) = sent else { return Err(wrong("an event of nothing, or told twice")) };
        self.version = version;
        self.heard.lags.push(now - *sent);
        Ok(())
    }
}

fn number_after(line: &[u8], what: &[u8]) -> Option<u64> {
    let at = memmem::find(line, what)? + what.len();
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
            let (now, sent) = (Instant::now(), unsent(2));
            sent.iter().for_each(|sent| sent.set(now).expect("not sent before"));
            let mut read = Read { sent, version: 0, seen: vec![false; 2], heard: Heard::default() };
            let read = lines.iter().try_for_each(|(number, version)| read.line(&line(*number, *version), now));
            assert_eq!(read.is_ok(), fine, "{lines:?}");
        }
    }
}
