//! All objects, and the log of what happened to them.

use crate::WatchEvent;
use meta::{Gvr, Key, Object, Status, Value};
use plan::Served;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct World {
    pub(super) revision: u64,
    pub(super) served: Vec<Served>,
    objects: BTreeMap<Gvr, BTreeMap<Key, Arc<Object>>>,
    log: Vec<Entry>,
    /// Everything up to here has left the log.
    pub(super) compacted: u64,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) revision: u64,
    pub(super) resource: Gvr,
    /// The object before, for watches whose selectors it matched.
    pub(super) old: Option<Arc<Object>>,
    pub(super) event: WatchEvent,
}

impl World {
    pub(super) fn new(served: Vec<Served>) -> World {
        World { revision: 0, served, objects: BTreeMap::new(), log: Vec::new(), compacted: 0 }
    }

    pub(super) fn served(&self, resource: &Gvr) -> Result<&Served, Status> {
        self.served.iter().find(|served| served.resource == *resource).ok_or_else(Status::no_such_page)
    }

    pub(super) fn get(&self, resource: &Gvr, key: &Key) -> Option<&Arc<Object>> {
        self.objects.get(resource)?.get(key)
    }

    pub(super) fn found(&self, resource: &Gvr, key: &Key) -> Result<&Arc<Object>, Status> {
        self.get(resource, key).ok_or_else(|| Status::not_found(resource, &key.name))
    }

    pub(super) fn all(&self, resource: &Gvr) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.get(resource).into_iter().flat_map(BTreeMap::values)
    }

    pub(super) fn since(&self, revision: u64) -> &[Entry] {
        let from = self.log.partition_point(|entry| entry.revision <= revision);
        &self.log[from..]
    }

    pub(super) fn compact(&mut self) {
        self.compacted = self.revision;
        self.log.clear();
    }

    /// Puts an object in under the next revision.
    pub(super) fn put(&mut self, resource: &Gvr, value: &Value) -> Result<Arc<Object>, Status> {
        let object = self.next(value)?;
        let old = self.objects.entry(resource.clone()).or_default().insert(object.key(), object.clone());
        let event = match old {
            Some(_) => WatchEvent::Modified(object.clone()),
            None => WatchEvent::Added(object.clone()),
        };
        self.log.push(Entry { revision: self.revision, resource: resource.clone(), old, event });
        Ok(object)
    }

    /// Takes an object out; what is told of it carries the revision of its end.
    pub(super) fn remove(&mut self, resource: &Gvr, key: &Key) -> Result<Arc<Object>, Status> {
        let old = self.found(resource, key)?.clone();
        let last = self.next(&old.decode_value())?;
        if let Some(objects) = self.objects.get_mut(resource) {
            objects.remove(key);
        }
        let event = WatchEvent::Deleted(last.clone());
        self.log.push(Entry { revision: self.revision, resource: resource.clone(), old: Some(old), event });
        Ok(last)
    }

    fn next(&mut self, value: &Value) -> Result<Arc<Object>, Status> {
        let body = Object::canonical(value);
        let object = Object::from_stored(body, self.revision + 1).map_err(|e| Status::bad_request(e.to_string()))?;
        self.revision += 1;
        Ok(Arc::new(object))
    }
}
