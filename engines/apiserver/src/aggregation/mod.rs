//! Groups that other servers answer: where an APIService says so, requests go on to the Service that it names, in the
//! name of who asks. Whether it answers, and with which resources, is looked at every now and then.

mod availability;
mod front_proxy;
mod keeper;
mod remote;

pub use front_proxy::FrontProxy;
pub(crate) use front_proxy::on_behalf;
pub(crate) use keeper::keep;
pub(crate) use remote::{Remote, Served};

use meta::CompactString;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// By group and version.
pub(crate) type Remotes = BTreeMap<(CompactString, CompactString), Arc<Remote>>;

#[derive(Default)]
pub(crate) struct Aggregation {
    pub front_proxy: Option<FrontProxy>,
    remotes: RwLock<Arc<Remotes>>,
    /// Whether there are any: most clusters have none, and their requests look no further.
    any: AtomicBool,
}

impl Aggregation {
    pub fn new(front_proxy: Option<FrontProxy>) -> Aggregation {
        Aggregation { front_proxy, ..Aggregation::default() }
    }

    pub fn remotes(&self) -> Arc<Remotes> {
        self.remotes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who answers a path of a group version, or its document.
    pub fn of_path(&self, path: &str) -> Option<Arc<Remote>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let below = path.strip_prefix("/apis/").or_else(|| path.strip_prefix("/openapi/v3/apis/"))?;
        let mut parts = below.split('/');
        let key = (parts.next()?.into(), parts.next()?.into());
        self.remotes().get(&key).cloned()
    }

    fn replace(&self, remotes: Remotes) {
        self.any.store(!remotes.is_empty(), Ordering::Release);
        *self.remotes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(remotes);
    }
}
