//! All caches of a process: who asks for what is already followed shares it.

use crate::catalogs::{self, Catalogs};
use crate::{ApiClient, Cache, Latest, Source};
use clock::Clock;
use meta::Gvr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub struct Caches {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    open: Mutex<BTreeMap<Source, Arc<Cache>>>,
    catalogs: OnceLock<Catalogs>,
}

impl Caches {
    pub fn new(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>) -> Arc<Caches> {
        Arc::new(Caches { client, clock, open: Mutex::default(), catalogs: OnceLock::new() })
    }

    /// The reader's own door to the API.
    pub fn client(&self) -> &dyn ApiClient {
        &*self.client
    }

    pub fn of(&self, resource: &Gvr) -> Arc<Cache> {
        self.following(Source::all(resource.clone()))
    }

    /// The cache of a source, begun when it is asked for first.
    #[allow(clippy::needless_pass_by_value)] // callers make it for this
    pub fn following(&self, source: Source) -> Arc<Cache> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Arc::new(Cache::start(self.client.clone(), self.clock.clone(), source.clone()));
        open.entry(source.clone()).or_insert_with(start).clone()
    }

    /// Forgets a source, for a kind that is served no more: its cache ends with its last reader.
    pub fn forget(&self, source: &Source) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// What the server serves, from now on; none until it has been asked once.
    pub fn catalogs(self: &Arc<Self>) -> Arc<Latest<Option<Arc<plan::Catalog>>>> {
        let follow = || catalogs::follow(self.client.clone(), self.clock.clone(), Arc::downgrade(self));
        self.catalogs.get_or_init(follow).latest()
    }
}
