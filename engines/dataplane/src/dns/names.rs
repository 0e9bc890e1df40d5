//! The zone being served: exchanged as a whole, never changed in place.

use netplan::zone::Zone;
use std::sync::{Arc, PoisonError, RwLock};

#[derive(Clone, Default)]
pub struct Names(Arc<RwLock<Arc<Zone>>>);

impl Names {
    /// The next question is answered from it.
    pub fn publish(&self, zone: Zone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(zone);
    }

    pub fn current(&self) -> Arc<Zone> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
