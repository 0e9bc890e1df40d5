//! Answers of the API that hold for a while.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Past this, what is oldest in order is forgotten first.
const MOST: usize = 4096;

pub struct Remembered<K, V> {
    entries: Mutex<BTreeMap<K, (V, Timestamp)>>,
}

impl<K: Ord + Clone, V: Clone> Remembered<K, V> {
    pub fn new() -> Remembered<K, V> {
        Remembered { entries: Mutex::default() }
    }

    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|(_, until)| now < *until).map(|(value, _)| value.clone())
    }

    pub fn put(&self, key: K, value: V, now: Timestamp, lasts: SignedDuration) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.retain(|_, (_, until)| now < *until);
        }
        if entries.len() >= MOST {
            entries.clear();
        }
        let until = now.saturating_add(lasts).unwrap_or(now);
        entries.insert(key, (value, until));
    }
}
