//! The client port without TLS and codec: the same identity, authorization, admission and engine.

use crate::engine::{Api, Call, Following, Payload};
use crate::hub::{Encoding, Seen};
use crate::identity::Identity;
use client::{Answer, ApiClient, Body, Request, Watch, WatchEvent};
use futures::StreamExt;
use futures::future::BoxFuture;
use kinds::Verb;
use meta::{Gvr, Object, Status};
use plan::{Catalog, Served};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// One component's door to the API of its own process.
#[derive(Clone)]
pub struct InProcess {
    api: Arc<Api>,
    identity: Arc<Identity>,
    manager: meta::CompactString,
}

impl InProcess {
    /// `manager` owns what is written without naming a field manager.
    pub fn new(api: Arc<Api>, identity: Identity, manager: &str) -> InProcess {
        InProcess { api, identity: Arc::new(identity), manager: manager.into() }
    }

    fn to_call(&self, mut request: Request) -> Call {
        let payload = match std::mem::take(&mut request.body) {
            Body::None => Payload::None,
            Body::Object(value) => Payload::Value(value),
            Body::Patch(kind, patch) => Payload::PatchValue(kind, patch),
        };
        if request.write.field_manager.is_empty() {
            request.write.field_manager = self.manager.clone();
        }
        Call { identity: self.identity.clone(), request, payload }
    }
}

impl ApiClient for InProcess {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        let call = self.to_call(request);
        Box::pin(async move { self.api.call(&call).await.map(|outcome| outcome.answer) })
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        let mut call = self.to_call(request);
        call.request.verb = Verb::Watch;
        Box::pin(async move {
            let following = self.api.watch(&call).await?;
            Ok(events(self.api.clone(), call, following))
        })
    }

    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
        Box::pin(async move { Ok(catalog(&self.api)) })
    }
}

fn catalog(api: &Api) -> Catalog {
    let table = api.rows.table();
    let served = table.iter().filter_map(|row| {
        let versions: Vec<_> = row.def.versions.iter().filter(|v| v.served).map(|v| v.name.clone()).collect();
        Some(Served {
            resource: Gvr::new(row.def.group.clone(), versions.first()?.clone(), row.def.names.plural.clone()),
            kind: row.def.names.kind.clone(),
            namespaced: row.def.namespaced(),
            verbs: row.def.verbs.iter().map(|verb| verb.word().into()).collect(),
            versions,
        })
    });
    Catalog { resources: served.collect(), failed: Default::default() }
}

struct State {
    api: Arc<Api>,
    call: Call,
    following: Following,
    initial: VecDeque<Arc<Object>>,
    ends: Option<Instant>,
    bookmark_at: Instant,
    over: bool,
}

fn events(api: Arc<Api>, call: Call, mut following: Following) -> Watch {
    let now = Instant::now();
    let seconds = call.request.list.timeout_seconds;
    let state = State {
        api,
        call,
        initial: std::mem::take(&mut following.initial).into(),
        following,
        ends: seconds.map(|seconds| now + Duration::from_secs(seconds)),
        bookmark_at: now + BOOKMARK_EVERY,
        over: false,
    };
    futures::stream::unfold(state, |mut state| async move { state.next().await.map(|event| (event, state)) }).boxed()
}

impl State {
    async fn next(&mut self) -> Option<Result<WatchEvent, Status>> {
        if self.over {
            return None;
        }
        if let Some(object) = self.initial.pop_front() {
            return Some(self.shown(object).await.map(WatchEvent::Added));
        }
        if std::mem::take(&mut self.following.announce_end) {
            return Some(Ok(self.bookmark(true)));
        }
        let deadline = self.ends.map_or(self.bookmark_at, |ends| ends.min(self.bookmark_at));
        let seen = tokio::select! {
            biased;
            seen = self.following.watcher.next() => Some(seen),
            () = tokio::time::sleep_until(deadline) => None,
        };
        match seen {
            Some(seen) => match self.seen(seen).await {
                None => Box::pin(self.next()).await,
                shown => shown,
            },
            None if self.ends == Some(deadline) => None,
            None => {
                self.bookmark_at += BOOKMARK_EVERY;
                Some(Ok(self.bookmark(false)))
            }
        }
    }

    /// None when it is nothing to this watch.
    async fn seen(&mut self, seen: Seen) -> Option<Result<WatchEvent, Status>> {
        match seen {
            Seen::Lost => {
                self.over = true;
                Some(Err(crate::engine::too_old(self.following.watcher.revision())))
            }
            Seen::Change(event, change) => {
                let event = match self.following.event(&self.api, &self.call, event, &change).await {
                    Ok(event) => event?,
                    Err(status) => return Some(Err(status)),
                };
                let object = change.shown(event)?.clone();
                Some(self.shown(object).await.map(|object| match event {
                    Encoding::Added => WatchEvent::Added(object),
                    Encoding::Modified => WatchEvent::Modified(object),
                    Encoding::Deleted => WatchEvent::Deleted(object),
                }))
            }
        }
    }

    async fn shown(&self, object: Arc<Object>) -> Result<Arc<Object>, Status> {
        if self.following.converted { self.api.presented(&self.call, object).await } else { Ok(object) }
    }

    fn bookmark(&mut self, initial_end: bool) -> WatchEvent {
        WatchEvent::Bookmark { revision: self.following.watcher.revision(), initial_end }
    }
}
