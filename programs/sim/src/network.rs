//! The network between the parts and the API: whom it has cut off, and whose changes it holds back.

use crate::scenario::Part;
use client::Latest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

pub struct Network {
    cut: Latest<BTreeSet<Part>>,
    held: Mutex<BTreeMap<String, Hold>>,
}

/// Changes of a resource that arrive late, or never: then the watch ends and history is gone.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    pub until: Instant,
    pub forgotten: bool,
    /// Whose watches lag; none: anybody's.
    pub whose: Option<Part>,
}

impl Default for Network {
    fn default() -> Network {
        Network { cut: Latest::new(BTreeSet::new()), held: Mutex::default() }
    }
}

impl Network {
    pub fn cut(&self, part: Part) {
        let mut cut = self.cut.get();
        cut.insert(part);
        self.cut.set(cut);
    }

    pub fn mend(&self, part: Part) {
        let mut cut = self.cut.get();
        cut.remove(&part);
        self.cut.set(cut);
    }

    pub fn mend_all(&self) {
        self.cut.set(BTreeSet::new());
        self.holds().clear();
    }

    pub fn is_cut(&self, part: Option<Part>) -> bool {
        part.is_some_and(|part| self.cut.get().contains(&part))
    }

    /// Returns when that part is reached again.
    pub async fn mended(&self, part: Option<Part>) {
        self.cut.until(|cut| part.is_none_or(|part| !cut.contains(&part))).await;
    }

    fn holds(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn hold(&self, resource: &str, hold: Hold) {
        self.holds().insert(resource.to_owned(), hold);
    }

    pub fn held(&self, resource: &str, part: Option<Part>) -> Option<Hold> {
        let concerns = |hold: &Hold| hold.until > Instant::now() && (hold.whose.is_none() || hold.whose == part);
        self.holds().get(resource).copied().filter(concerns)
    }
}
