//! An observer who watches kinds as any client does, and holds what it saw against the ledger: nothing missing, nothing
//! twice, nothing that a crash took back.

use crate::door::Door;
use crate::gate::Gate;
use client::{ApiClient, ListOptions, Request, WatchEvent};
use futures::StreamExt;
use kinds::Verb;
use meta::{Gvr, Reason, Status};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

const RETRY: Duration = Duration::from_millis(200);

pub struct Observer {
    gate: Arc<Gate>,
    kinds: Vec<Arc<Kind>>,
    tasks: Vec<JoinHandle<()>>,
}

struct Kind {
    resource: Gvr,
    prefix: &'static str,
    seen: Mutex<Seen>,
}

/// What was seen since the last list.
#[derive(Default)]
struct Seen {
    listed_at: u64,
    position: u64,
    changes: BTreeSet<u64>,
}

fn watched() -> [(Gvr, &'static str); 5] {
    [
        (Gvr::new("", "v1", "pods"), "/registry/pods/"),
        (Gvr::new("apps", "v1", "replicasets"), "/registry/replicasets/"),
        (Gvr::new("apps", "v1", "deployments"), "/registry/deployments/"),
        (Gvr::new("", "v1", "services"), "/registry/services/specs/"),
        (Gvr::new("discovery.k8s.io", "v1", "endpointslices"), "/registry/endpointslices/"),
    ]
}

impl Observer {
    pub fn start(door: &Arc<Door>) -> Observer {
        let kind = |(resource, prefix)| Arc::new(Kind { resource, prefix, seen: Mutex::default() });
        let kinds: Vec<Arc<Kind>> = watched().into_iter().map(kind).collect();
        let tasks = kinds.iter().map(|kind| tokio::spawn(follow(door.clone(), kind.clone()))).collect();
        Observer { gate: door.gate.clone(), kinds, tasks }
    }

    /// Whether everything acknowledged has been seen, up to where each watch has come.
    pub fn check(&self) {
        for kind in &self.kinds {
            kind.check(&self.gate);
        }
    }

    /// After a crash: nobody may have seen what the store does not hold.
    pub fn check_reach(&self, revision: u64) {
        for kind in &self.kinds {
            let position = kind.seen().position;
            if position > revision {
                let what = &kind.resource.resource;
                self.gate
                    .timeline
                    .violation(format_args!("a watch of {what} showed {position}, the store has {revision}"));
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn follow(door: Arc<Door>, kind: Arc<Kind>) {
    loop {
        let relist = match kind.resume(&door).await {
            Ok(()) => false,
            Err(status) => status.is(Reason::Expired) || status.is(Reason::Gone),
        };
        if relist {
            kind.check(&door.gate);
            *kind.seen() = Seen::default();
        }
        tokio::time::sleep(RETRY).await;
    }
}

impl Kind {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn resume(&self, door: &Door) -> Result<(), Status> {
        if self.seen().position == 0 {
            let (revision, _) = door.call(Request::list(self.resource.clone(), "")).await?.items()?;
            *self.seen() = Seen { listed_at: revision, position: revision, changes: BTreeSet::new() };
        }
        let mut request = Request::new(Verb::Watch, self.resource.clone(), Default::default());
        let resource_version = self.seen().position.to_string();
        request.list = ListOptions { resource_version, bookmarks: true, ..ListOptions::default() };
        let mut watch = door.watch(request).await?;
        while let Some(event) = watch.next().await {
            self.take(&door.gate, &event?);
        }
        Ok(())
    }

    fn take(&self, gate: &Gate, event: &WatchEvent) {
        let mut seen = self.seen();
        let revision = match event {
            WatchEvent::Bookmark { revision, .. } => {
                seen.position = seen.position.max(*revision);
                return;
            }
            WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) => {
                object.header.resource_version
            }
        };
        if revision <= seen.position && !seen.changes.contains(&revision) || revision < seen.position {
            let (what, position) = (&self.resource.resource, seen.position);
            gate.timeline.violation(format_args!("a watch of {what} went back from {position} to {revision}"));
        }
        seen.position = revision;
        seen.changes.insert(revision);
    }

    fn check(&self, gate: &Gate) {
        let mut seen = self.seen();
        if seen.position <= seen.listed_at {
            return;
        }
        let acknowledged = gate.ledger.changes(self.prefix, seen.listed_at + 1..=seen.position);
        for (revision, key) in acknowledged.keys().filter(|(revision, _)| !seen.changes.contains(revision)) {
            let what = &self.resource.resource;
            gate.timeline.violation(format_args!("a watch of {what} missed revision {revision} of {key}"));
        }
        seen.listed_at = seen.position;
        seen.changes.clear();
    }
}
