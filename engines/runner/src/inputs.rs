//! What a controller reads: shared caches, one channel of changes, and views taken when they are needed.

use client::{Cache, Caches, Latest, Source};
use meta::Gvr;
use plan::{Catalog, Change, Input, View};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A kind whose objects cannot be listed for so long no longer holds up decisions about all others.
const LISTING_PATIENCE: Duration = Duration::from_secs(30);

type Catalogs = Arc<Latest<Option<Arc<Catalog>>>>;

pub(crate) struct Inputs {
    caches: Arc<Caches>,
    named: BTreeMap<Gvr, Arc<Cache>>,
    /// Kinds that come and go, where every deletable kind is read.
    found: Mutex<BTreeMap<Gvr, Found>>,
    catalogs: Option<Catalogs>,
    /// Where further caches send their changes.
    to: mpsc::UnboundedSender<Change>,
    changes: Mutex<Option<mpsc::UnboundedReceiver<Change>>>,
    /// What a view begins as.
    blank: View,
}

struct Found {
    cache: Arc<Cache>,
    since: Instant,
}

impl Found {
    fn is_due(&self) -> bool {
        self.cache.revision().is_some() || self.since.elapsed() >= LISTING_PATIENCE
    }
}

impl Inputs {
    pub(crate) fn open(caches: &Arc<Caches>, inputs: &[Input]) -> Inputs {
        let (to, changes) = mpsc::unbounded_channel();
        let every = inputs.iter().any(|input| matches!(input, Input::EveryDeletable));
        let mut named = BTreeMap::new();
        for input in inputs {
            if let Input::Kind { resource, indexes } = input {
                let cache = caches.of(resource);
                cache.add_indexes(indexes);
                cache.forward(to.clone());
                named.insert(resource.clone(), cache);
            }
        }
        Inputs {
            caches: caches.clone(),
            named,
            found: Mutex::default(),
            catalogs: every.then(|| caches.catalogs()),
            to,
            changes: Mutex::new(Some(changes)),
            blank: View::of(inputs),
        }
    }

    /// The changes of all inputs in one channel, for the one who asks first.
    pub(crate) fn changes(&self) -> Option<mpsc::UnboundedReceiver<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn catalogs(&self) -> Option<Catalogs> {
        self.catalogs.clone()
    }

    fn found(&self) -> MutexGuard<'_, BTreeMap<Gvr, Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who may read everything that is cached.
    pub(crate) fn reader(&self) -> &dyn client::ApiClient {
        self.caches.client()
    }

    pub(crate) fn cache(&self, resource: &Gvr) -> Option<Arc<Cache>> {
        let named = self.named.get(resource).cloned();
        named.or_else(|| self.found().get(resource).map(|found| found.cache.clone()))
    }

    /// Waits until every input has been seen whole.
    pub(crate) async fn synced(&self) {
        for cache in self.named.values() {
            cache.synced().await;
        }
        let Some(catalogs) = self.catalogs() else { return };
        catalogs.until(Option::is_some).await;
        self.follow_catalog();
        let caches: Vec<_> = self.found().values().map(|found| found.cache.clone()).collect();
        let all = async {
            for cache in caches {
                cache.synced().await;
            }
        };
        if tokio::time::timeout(LISTING_PATIENCE, all).await.is_err() {
            tracing::warn!("some kinds cannot be listed; going on without them");
        }
    }

    /// Begins to follow kinds that have come, and ends following those that have gone.
    pub(crate) fn follow_catalog(&self) {
        let Some(catalog) = self.catalog() else { return };
        let mut found = self.found();
        found.retain(|resource, _| {
            let served = catalog.of_resource(resource).is_some() || catalog.failed.contains(&resource.group);
            if !served {
                self.caches.forget(&Source::all(resource.clone()));
            }
            served
        });
        for served in catalog.deletable() {
            let resource = &served.resource;
            if !self.named.contains_key(resource) && !found.contains_key(resource) {
                let cache = self.caches.of(resource);
                cache.forward(self.to.clone());
                found.insert(resource.clone(), Found { cache, since: Instant::now() });
            }
        }
    }

    fn catalog(&self) -> Option<Arc<Catalog>> {
        self.catalogs.as_ref()?.get()
    }

    /// What is known now.
    pub(crate) fn view(&self) -> View {
        let mut view = self.blank.clone();
        for (resource, cache) in &self.named {
            view.put(resource, cache.snapshot());
        }
        if let Some(catalog) = self.catalog() {
            let found = self.found();
            for (resource, found) in found.iter().filter(|(_, found)| found.cache.revision().is_some()) {
                view.put(resource, found.cache.snapshot());
            }
            let known =
                |resource: &Gvr| self.named.contains_key(resource) || found.get(resource).is_some_and(Found::is_due);
            view.set_catalog(catalog.clone(), catalog.deletable().all(|served| known(&served.resource)));
        }
        view
    }
}
