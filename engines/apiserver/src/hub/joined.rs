//! Events that follow one another, joined once for all who are told them: with a thousand watchers the steps that each
//! event takes to each of them are together as dear as encrypting it.

use super::change::{Change, Form};
use super::lanes::Taken;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// So many are kept for those who come later; who needs an older one joins it anew.
const KEPT: usize = 256;

/// At least one event.
#[derive(Debug)]
pub struct Joined {
    pub bytes: Vec<u8>,
    /// The number from which on they go on who have seen these.
    pub next: u64,
    /// That of the last of them.
    pub revision: u64,
}

/// Whether a change is taken, too.
pub(super) type Wanted<'a> = dyn FnMut(&Change) -> bool + 'a;

/// By the number of their first event.
type Kept = BTreeMap<(u64, Form), Arc<Joined>>;

#[derive(Default)]
pub(super) struct Joins(RwLock<Kept>);

impl Joins {
    /// Those from a number on; the changes are taken where nobody has asked for them before.
    pub fn from(
        &self,
        form: Form,
        number: u64,
        changes: impl FnOnce(&mut Wanted<'_>) -> Option<Taken>,
    ) -> Option<Arc<Joined>> {
        let found = |kept: &Kept| kept.get(&(number, form)).cloned();
        if let Some(joined) = found(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return Some(joined);
        }
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(joined) = found(&kept) {
            return Some(joined);
        }
        let joined = Arc::new(Joined::of(form, changes)?);
        kept.insert((number, form), joined.clone());
        while kept.len() > KEPT {
            kept.pop_first();
        }
        Some(joined)
    }
}

impl Joined {
    /// How long they are together at most: a packet is filled well by several of these. A longer event stays alone.
    pub const MOST: usize = 8 * 1024;

    fn of(form: Form, changes: impl FnOnce(&mut Wanted<'_>) -> Option<Taken>) -> Option<Joined> {
        let mut bytes = Vec::new();
        let mut wanted = |change: &Change| {
            let frame = change.event().and_then(|event| change.frame(event, form)).unwrap_or_default();
            let wanted = bytes.len() + frame.len() <= Joined::MOST;
            if wanted {
                bytes.extend_from_slice(frame);
            }
            wanted
        };
        let Taken { changes, next } = changes(&mut wanted)?;
        Some(Joined { bytes, next, revision: changes.last()?.revision })
    }
}
