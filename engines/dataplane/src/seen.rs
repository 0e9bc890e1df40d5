//! Snapshots from the shared caches: every change of services, slices and namespaces, folded into facts.

use client::Caches;
use futures::Stream;
use k8s_openapi::api::core::v1::{Namespace, Service as ApiService};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use meta::{Gvr, Object};
use netplan::{Node, Service, ServiceKey, Slice, SliceKey, Snapshot};
use plan::{Change, Resource};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Begins when everything has been seen once: a half-filled cache would take the services of a running node away.
pub fn snapshots(caches: &Caches, node: Arc<Node>) -> impl Stream<Item = Snapshot> + use<> {
    let followed = reads().map(|resource| caches.of(&resource));
    let (changes, changed) = unbounded_channel();
    for cache in &followed {
        cache.forward(changes.clone());
    }
    let seen = Seen { changed, now: Snapshot { node, ..Snapshot::default() } };
    futures::stream::unfold((seen, false), move |(mut seen, begun)| {
        let followed = followed.clone();
        async move {
            if begun {
                seen.next().await?;
            } else {
                futures::future::join_all(followed.iter().map(|cache| cache.synced())).await;
            }
            seen.drain();
            Some((seen.now.clone(), (seen, true)))
        }
    })
}

struct Seen {
    changed: UnboundedReceiver<Change>,
    now: Snapshot,
}

impl Seen {
    /// None: the caches have ended.
    async fn next(&mut self) -> Option<()> {
        let change = self.changed.recv().await?;
        self.fold(&change);
        Some(())
    }

    fn drain(&mut self) {
        while let Ok(change) = self.changed.try_recv() {
            self.fold(&change);
        }
    }

    fn fold(&mut self, change: &Change) {
        if change.resource == ApiService::gvr() {
            self.service(change);
        } else if change.resource == EndpointSlice::gvr() {
            self.slice(change);
        } else if change.resource == Namespace::gvr() {
            self.namespace(change);
        }
    }

    fn service(&mut self, change: &Change) {
        let key = ServiceKey::new(&change.key.namespace, &change.key.name);
        match facts::<ApiService, _>(change.new.as_ref(), Service::from_api) {
            Some(service) => self.now.services.insert(key, Arc::new(service)),
            None => self.now.services.remove(&key),
        };
    }

    /// The label that names its service may have changed: the slice is taken from where it was.
    fn slice(&mut self, change: &Change) {
        if let Some(Some(key)) = facts(change.old.as_ref(), SliceKey::of) {
            self.now.slices.remove(&key);
        }
        let keyed = |slice: &EndpointSlice| Some((SliceKey::of(slice)?, Arc::new(Slice::from_api(slice))));
        if let Some(Some((key, slice))) = facts(change.new.as_ref(), keyed) {
            self.now.slices.insert(key, slice);
        }
    }

    fn namespace(&mut self, change: &Change) {
        let name: Arc<str> = change.key.name.as_str().into();
        if change.new.is_some() {
            self.now.namespaces.insert(name);
        } else {
            self.now.namespaces.remove(&name);
        }
    }
}

/// An object that is not of its own type has not passed the API, and is not there.
fn facts<T: Resource, F>(object: Option<&Arc<Object>>, of: impl FnOnce(&T) -> F) -> Option<F> {
    object.and_then(|object| object.typed::<T>().ok()).map(|typed| of(&typed))
}

/// What the engine reads, for the role of whoever runs it.
pub fn reads() -> [Gvr; 3] {
    [ApiService::gvr(), EndpointSlice::gvr(), Namespace::gvr()]
}
