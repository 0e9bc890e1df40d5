//! Follows what the server serves: asks again when a definition or an aggregated API changes, and not otherwise.

use crate::{ApiClient, Backoff, Caches, Latest, Source};
use clock::Clock;
use meta::Gvr;
use plan::{Catalog, Change};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// What is served follows a definition only after a while: ask once more after each of these.
const SETTLING: [Duration; 3] = [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5)];
/// How long a group that could not be asked is left alone.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(30);

pub(crate) struct Catalogs {
    latest: Arc<Latest<Option<Arc<Catalog>>>>,
    task: AbortHandle,
}

impl Catalogs {
    pub(crate) fn latest(&self) -> Arc<Latest<Option<Arc<Catalog>>>> {
        self.latest.clone()
    }
}

impl Drop for Catalogs {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn follow(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, caches: Weak<Caches>) -> Catalogs {
    let latest = Arc::new(Latest::new(None));
    let (hints_to, hints) = mpsc::unbounded_channel();
    let asker = Asker { client, clock, caches, hints_to, hints, hinted_by: Vec::new(), to: latest.clone() };
    Catalogs { latest, task: tokio::spawn(asker.run()).abort_handle() }
}

struct Asker {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    caches: Weak<Caches>,
    hints_to: mpsc::UnboundedSender<Change>,
    hints: mpsc::UnboundedReceiver<Change>,
    hinted_by: Vec<Gvr>,
    to: Arc<Latest<Option<Arc<Catalog>>>>,
}

impl Asker {
    async fn run(mut self) {
        let mut backoff = Backoff::new(SETTLING[0], UNREACHABLE_WAIT);
        let mut settling = SETTLING.iter();
        loop {
            let wait = match self.client.discover().await {
                Ok(catalog) => {
                    backoff.succeeded();
                    let whole = catalog.failed.is_empty();
                    self.listen(&catalog);
                    self.publish(catalog);
                    settling.next().copied().or((!whole).then_some(UNREACHABLE_WAIT))
                }
                Err(status) => {
                    tracing::debug!(%status, "what the server serves could not be asked");
                    Some(backoff.failed(self.clock.random()))
                }
            };
            if self.hinted_within(wait).await {
                settling = SETTLING.iter();
            }
        }
    }

    fn publish(&self, catalog: Catalog) {
        if self.to.get().as_deref() != Some(&catalog) {
            self.to.set(Some(Arc::new(catalog)));
        }
    }

    /// Follows the kinds that define kinds, once they are served.
    fn listen(&mut self, catalog: &Catalog) {
        let definers = [
            Gvr::new("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
            Gvr::new("apiregistration.k8s.io", "v1", "apiservices"),
        ];
        for definer in definers {
            let news = catalog.of_resource(&definer).is_some() && !self.hinted_by.contains(&definer);
            if let Some(caches) = self.caches.upgrade().filter(|_| news) {
                caches.following(Source::all(definer.clone())).forward(self.hints_to.clone());
                self.hinted_by.push(definer);
            }
        }
    }

    /// Waits so long, or for ever without an answer; says whether a definition changed meanwhile.
    async fn hinted_within(&mut self, wait: Option<Duration>) -> bool {
        let pause = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        // In a fixed order, so that a seed replays.
        tokio::select! {
            biased;
            _ = self.hints.recv() => {
                while self.hints.try_recv().is_ok() {}
                true
            }
            () = pause => false,
        }
    }
}
