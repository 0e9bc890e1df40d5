//! The port itself.

use crate::{Answer, Request};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use meta::{Object, Status};
use plan::Catalog;
use std::sync::Arc;

pub trait ApiClient: Send + Sync + 'static {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>>;

    /// A watch from the request's resource version (or, without one, of what exists and then of what happens).
    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>>;

    /// What is served now: every resource once, under its preferred version. Groups that could not be asked are named
    /// in [`Catalog::failed`].
    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>>;
}

/// Ends after its first error; `Expired` says that history has been lost and a new list is needed.
pub type Watch = BoxStream<'static, Result<WatchEvent, Status>>;

#[derive(Clone, Debug)]
pub enum WatchEvent {
    Added(Arc<Object>),
    Modified(Arc<Object>),
    Deleted(Arc<Object>),
    /// Everything up to this revision has been delivered; `initial_end` closes the initial events.
    Bookmark {
        revision: u64,
        initial_end: bool,
    },
}
