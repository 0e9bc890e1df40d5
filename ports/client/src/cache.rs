//! One shared cache a source: an exact, ordered image of what the server holds, as far as this side has heard.
//!
//! Readers take snapshots that cost nothing; followers hear every change once and in order; whoever wrote something can
//! wait until the image shows it.

mod feed;
mod image;

use crate::{ApiClient, Latest, Source};
use clock::Clock;
use image::Image;
use meta::{Key, Object};
use plan::{Change, Index, KindView};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Every change after the moment of asking, beginning with an addition of each object that was there.
pub type Changes = mpsc::UnboundedReceiver<Change>;

pub struct Cache {
    shared: Arc<Shared>,
    feeder: AbortHandle,
}

struct Shared {
    source: Source,
    image: Mutex<Image>,
    /// The image's revision; none until the image is whole for the first time.
    reached: Latest<Option<u64>>,
}

impl Cache {
    /// Begins to follow a source. Must be called within a tokio runtime.
    pub fn start(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, source: Source) -> Cache {
        let image = Mutex::new(Image::new(source.resource.clone()));
        let shared = Arc::new(Shared { source, image, reached: Latest::new(None) });
        let feeder = tokio::spawn(feed::follow(client, clock, shared.clone())).abort_handle();
        Cache { shared, feeder }
    }

    pub fn source(&self) -> &Source {
        &self.shared.source
    }

    pub fn snapshot(&self) -> Arc<KindView> {
        self.shared.image().view.clone()
    }

    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.shared.image().view.get(key).cloned()
    }

    pub fn add_indexes(&self, indexes: &[Index]) {
        self.shared.image().add_indexes(indexes);
    }

    pub fn changes(&self) -> Changes {
        self.shared.image().subscribe()
    }

    /// Adds this cache's changes to a channel that others may share.
    pub fn forward(&self, to: mpsc::UnboundedSender<Change>) {
        self.shared.image().forward(to);
    }

    /// The revision up to which everything has been heard; none until the first list is whole.
    pub fn revision(&self) -> Option<u64> {
        self.shared.reached.get()
    }

    /// Waits for the first whole image.
    pub async fn synced(&self) {
        self.until(|_| true).await;
    }

    /// Waits until everything up to `revision` has been heard.
    pub async fn wait_for(&self, revision: u64) {
        self.until(|view| view.revision >= revision).await;
    }

    /// Waits until the image satisfies a condition.
    pub async fn until(&self, mut holds: impl FnMut(&KindView) -> bool) {
        self.shared.reached.until(|reached| reached.is_some() && holds(&self.shared.image().view)).await;
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.feeder.abort();
    }
}

impl Shared {
    fn image(&self) -> MutexGuard<'_, Image> {
        // An image is changed in steps that cannot panic halfway.
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the image and tells those who wait for it.
    fn change<R>(&self, change: impl FnOnce(&mut Image) -> R) -> R {
        let mut image = self.image();
        let result = change(&mut image);
        let revision = image.view.revision;
        drop(image);
        self.reached.set(Some(revision));
        result
    }
}

#[cfg(test)]
mod tests;
