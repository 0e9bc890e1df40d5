//! The pump: one task that follows the whole store and hands each change to its kind, in the store's order.
//!
//! Kinds come and go with custom resource definitions. A kind is opened by the pump itself, between two batches, so its
//! first snapshot and the changes after it meet without a gap. It is opened as it was a while ago and led through what
//! happened since: a watcher of before a restart goes on where it was.

use super::parts::in_parts;
use super::{KindHub, Shown};
use crate::storage::{self, Format, ROOT};
use futures::StreamExt;
use kinds::KindDef;
use meta::{Key, Object};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;
use store::{Batch, Event, Range, Record, Store, Watch, WatchFrom};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Revisions that a kind is led through when it is opened: enough for who was watching when the server went down, and
/// few enough that a start does not wait for them. Where they are more changes, the kind is opened as it is.
const HISTORY: u64 = 16_384;
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub enum HubError {
    Store(store::Error),
    /// A stored object that cannot be read: nothing is served that might be wrong.
    Unreadable(String),
    Stopped,
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HubError::Store(error) => error.fmt(f),
            HubError::Unreadable(why) => write!(f, "a stored object cannot be read: {why}"),
            HubError::Stopped => f.write_str("the server is stopping"),
        }
    }
}

impl std::error::Error for HubError {}

impl From<store::Error> for HubError {
    fn from(error: store::Error) -> HubError {
        HubError::Store(error)
    }
}

/// The handle of the pump. The pump ends when the last handle is gone.
pub struct Hub {
    shown: Arc<Shown>,
    commands: mpsc::UnboundedSender<Command>,
}

enum Command {
    Open(Arc<KindDef>, oneshot::Sender<Result<Arc<KindHub>, HubError>>),
    Close(Arc<KindDef>),
}

impl Hub {
    /// Starts following the store from its newest revision; kinds are opened one by one.
    pub async fn start(store: Arc<dyn Store>, format: Format) -> Result<Hub, HubError> {
        let revision = store.revision().await?;
        let shown = Arc::new(Shown::new(revision));
        let (commands, inbox) = mpsc::unbounded_channel();
        let watch = store.watch(WatchFrom::revision(ROOT, revision + 1)).await?;
        let (kinds, untold) = (BTreeMap::new(), BTreeMap::new());
        let pump =
            Pump { store, format, shown: shown.clone(), kinds, revision, untold, tell_at: None, wait: Duration::ZERO };
        tokio::spawn(pump.run(watch, inbox));
        Ok(Hub { shown, commands })
    }

    pub fn shown(&self) -> &Arc<Shown> {
        &self.shown
    }

    pub async fn open(&self, def: Arc<KindDef>) -> Result<Arc<KindHub>, HubError> {
        let (answer, opened) = oneshot::channel();
        self.commands.send(Command::Open(def, answer)).map_err(|_| HubError::Stopped)?;
        opened.await.map_err(|_| HubError::Stopped)?
    }

    pub fn close(&self, def: Arc<KindDef>) {
        // A pump that has ended has nothing left to close.
        let _ended = self.commands.send(Command::Close(def));
    }
}

struct Fed {
    def: Arc<KindDef>,
    hub: Arc<KindHub>,
}

struct Pump {
    store: Arc<dyn Store>,
    format: Format,
    shown: Arc<Shown>,
    /// By the prefix of their keys. No prefix begins another.
    kinds: BTreeMap<Arc<str>, Fed>,
    revision: u64,
    /// Kinds whose watchers are still to be woken, and when that may be.
    untold: BTreeMap<Arc<str>, Arc<KindHub>>,
    tell_at: Option<Instant>,
    /// Before the store is watched once more: longer each time, until a watch has shown something.
    wait: Duration,
}

impl Pump {
    async fn run(mut self, mut watch: Watch, mut inbox: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                biased;
                batch = watch.next() => match batch {
                    Some(Ok(batch)) => self.take(&batch),
                    broken => watch = self.resume(broken.and_then(Result::err)).await,
                },
                command = inbox.recv() => match command {
                    Some(Command::Open(def, answer)) => {
                        let _nobody_waits_any_more = answer.send(self.open(def).await);
                    }
                    Some(Command::Close(def)) => self.close(&def),
                    None => return,
                },
                () = until(self.tell_at) => self.tell(),
            }
        }
    }

    fn take(&mut self, batch: &Batch) {
        self.wait = Duration::ZERO;
        for event in &batch.events {
            let Some((prefix, fed, key)) = self.find(event.key()) else { continue };
            self.feed(fed, &key, event);
            if !self.untold.contains_key(prefix) {
                let (prefix, hub) = (prefix.clone(), fed.hub.clone());
                self.untold.insert(prefix, hub);
            }
        }
        self.revision = self.revision.max(batch.revision);
        self.tell();
        self.shown.advance(self.revision);
    }

    fn tell(&mut self) {
        let now = Instant::now();
        let mut again: Option<Instant> = None;
        self.untold.retain(|_, hub| {
            let due = hub.tell(now);
            again = again.into_iter().chain(due).min();
            due.is_some()
        });
        self.tell_at = again;
    }

    fn feed(&self, fed: &Fed, key: &Key, event: &Event) {
        let new = match event {
            Event::Delete { .. } => None,
            Event::Put { record, .. } => match self.format.decode(&fed.def, record) {
                Ok(object) => Some(Arc::new(object)),
                Err(why) => {
                    tracing::error!(key = %event.key(), %why, "a stored object cannot be read and is not shown");
                    return;
                }
            },
        };
        fed.hub.apply(key, event.revision(), new);
    }

    fn find(&self, key: &str) -> Option<(&Arc<str>, &Fed, Key)> {
        let (prefix, fed) = self.kinds.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back()?;
        let below = key.strip_prefix(&**prefix)?;
        Some((prefix, fed, storage::parse_key(fed.def.namespaced(), below)?))
    }

    async fn open(&mut self, def: Arc<KindDef>) -> Result<Arc<KindHub>, HubError> {
        let prefix = storage::key(&def, &Key::default());
        if let Some(open) = self.kinds.get(&prefix) {
            let hub = open.hub.clone();
            // Two built-in rows over one prefix store the first one's kind; a custom one's definition has changed.
            if def.custom {
                hub.refresh(&def, self.load(&def, &prefix, self.revision).await?);
                self.kinds.insert(prefix, Fed { def, hub: hub.clone() });
            }
            return Ok(hub);
        }
        let fed = match self.with_history(&def, &prefix).await {
            Err(HubError::Store(store::Error::Compacted { .. })) => self.begin(&def, &prefix, self.revision).await?,
            opened => opened?,
        };
        let hub = fed.hub.clone();
        self.kinds.insert(prefix, fed);
        Ok(hub)
    }

    async fn begin(&self, def: &Arc<KindDef>, prefix: &str, revision: u64) -> Result<Fed, HubError> {
        let objects = self.load(def, prefix, revision).await?;
        let hub = KindHub::new(def, self.shown.clone(), objects, revision);
        Ok(Fed { def: def.clone(), hub: Arc::new(hub) })
    }

    async fn with_history(&self, def: &Arc<KindDef>, prefix: &Arc<str>) -> Result<Fed, HubError> {
        let since = self.since().await?;
        let fed = self.begin(def, prefix, since).await?;
        if since == self.revision {
            return Ok(fed);
        }
        let mut watch = self.store.watch(WatchFrom::revision(prefix, since + 1)).await?;
        self.store.progress().await?;
        let mut led = 0;
        loop {
            let batch = watch.next().await.ok_or(HubError::Stopped)??;
            led += batch.events.len() as u64;
            if led > HISTORY {
                return self.begin(def, prefix, self.revision).await;
            }
            for event in batch.events.iter().filter(|event| event.revision() <= self.revision) {
                if let Some(key) = event.key().strip_prefix(&**prefix) {
                    storage::parse_key(def.namespaced(), key).inspect(|key| self.feed(&fed, key, event));
                }
            }
            if batch.revision >= self.revision {
                return Ok(fed);
            }
        }
    }

    /// From when on a kind's history is told: the oldest that the store keeps, within bounds.
    async fn since(&self) -> Result<u64, HubError> {
        let wished = self.revision.saturating_sub(HISTORY).max(1);
        match self.store.get(ROOT, Some(wished)).await {
            Ok(_) => Ok(wished),
            Err(store::Error::Compacted { oldest }) => Ok(oldest.min(self.revision)),
            Err(error) => Err(error.into()),
        }
    }

    /// All objects of a kind at a revision.
    async fn load(&self, def: &KindDef, prefix: &str, revision: u64) -> Result<Vec<(Key, Arc<Object>)>, HubError> {
        let answer = self.store.range(Range::prefix(prefix).at(revision)).await?;
        let read = |record: Record| {
            let object = self.format.decode(def, &record).map_err(HubError::Unreadable)?;
            Ok((object.key(), Arc::new(object)))
        };
        let all = |records: Vec<Record>| records.into_iter().map(read).collect::<Result<Vec<_>, HubError>>();
        let parts = in_parts(answer.records, all).into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    fn close(&mut self, def: &KindDef) {
        if let Some(fed) = self.kinds.remove(&storage::key(def, &Key::default())) {
            fed.hub.break_history(u64::MAX);
        }
    }

    /// A new watch after the old one broke. Where history was compacted away, everything is read anew.
    async fn resume(&mut self, error: Option<store::Error>) -> Watch {
        let mut compacted = matches!(error, Some(store::Error::Compacted { .. }));
        loop {
            tracing::warn!(error = error.as_ref().map(ToString::to_string), "the store's watch ended: resuming");
            if !self.wait.is_zero() {
                tokio::time::sleep(self.wait).await;
            }
            self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
            let again = if compacted { self.reload().await } else { Ok(()) };
            match again {
                Ok(()) => match self.store.watch(WatchFrom::revision(ROOT, self.revision + 1)).await {
                    Ok(watch) => return watch,
                    Err(store::Error::Compacted { .. }) => compacted = true,
                    Err(error) => tracing::warn!(%error, "the store cannot be watched"),
                },
                Err(error) => tracing::warn!(%error, "the store cannot be read"),
            }
        }
    }

    async fn reload(&mut self) -> Result<(), HubError> {
        self.revision = self.store.revision().await?;
        for (prefix, fed) in &self.kinds {
            let objects = self.load(&fed.def, prefix, self.revision).await?;
            fed.hub.replace(objects, self.revision);
        }
        self.shown.advance(self.revision);
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
