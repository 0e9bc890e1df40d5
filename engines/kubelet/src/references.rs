//! The config maps and secrets that pods refer to, each watched for as long as a pod does.

use client::{ApiClient, Cache, Source};
use clock::Clock;
use futures::future::join_all;
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod, Secret};
use meta::{Gvr, Key, Object};
use plan::Resource;
use podplan::environment::Sources;
use podplan::spec::{all_containers, namespace, spec};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::time::timeout;

/// A worker has other things to do than to wait for an API that is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// An object that a pod refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub resource: Gvr,
    pub key: Key,
}

/// A worker holds its pod's references; the last one to let go ends the watch.
pub struct References {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    open: Mutex<BTreeMap<Reference, Weak<Cache>>>,
}

impl References {
    pub fn new(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>) -> References {
        References { client, clock, open: Mutex::default() }
    }

    pub fn hold(&self, reference: &Reference) -> Arc<Cache> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = open.get(reference).and_then(Weak::upgrade) {
            return cache;
        }
        open.retain(|_, cache| cache.strong_count() > 0);
        let source = Source::all(reference.resource.clone())
            .in_namespace(&reference.key.namespace)
            .fields(&format!("metadata.name={}", reference.key.name));
        let cache = Arc::new(Cache::start(self.client.clone(), self.clock.clone(), source));
        open.insert(reference.clone(), Arc::downgrade(&cache));
        cache
    }
}

/// Everything a pod's environment, volumes and pulls refer to.
pub fn of_pod(pod: &Pod) -> BTreeSet<Reference> {
    let mut names = Names::default();
    for (_, container) in all_containers(pod) {
        names.of_container(&container);
    }
    for volume in spec(pod).volumes.iter().flatten() {
        names.maps.extend(volume.config_map.iter().map(|v| v.name.clone()));
        names.secrets.extend(volume.secret.iter().filter_map(|v| v.secret_name.clone()));
        for part in volume.projected.iter().flat_map(|p| p.sources.iter().flatten()) {
            names.maps.extend(part.config_map.iter().map(|v| v.name.clone()));
            names.secrets.extend(part.secret.iter().map(|v| v.name.clone()));
        }
    }
    names.secrets.extend(spec(pod).image_pull_secrets.iter().flatten().map(|s| s.name.clone()));
    names.in_namespace(namespace(pod))
}

#[derive(Default)]
struct Names {
    maps: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Names {
    fn of_container(&mut self, container: &Container) {
        for from in container.env_from.iter().flatten() {
            self.maps.extend(from.config_map_ref.iter().map(|r| r.name.clone()));
            self.secrets.extend(from.secret_ref.iter().map(|r| r.name.clone()));
        }
        for from in container.env.iter().flatten().filter_map(|e| e.value_from.as_ref()) {
            self.maps.extend(from.config_map_key_ref.iter().map(|r| r.name.clone()));
            self.secrets.extend(from.secret_key_ref.iter().map(|r| r.name.clone()));
        }
    }

    fn in_namespace(self, namespace: &str) -> BTreeSet<Reference> {
        let reference = |resource: Gvr, name: String| Reference { resource, key: Key::new(namespace, name) };
        let maps = self.maps.into_iter().map(|name| reference(ConfigMap::gvr(), name));
        let secrets = self.secrets.into_iter().map(|name| reference(Secret::gvr(), name));
        maps.chain(secrets).filter(|r| !r.key.name.is_empty()).collect()
    }
}

/// What a pod holds, by reference.
#[derive(Default)]
pub struct Held {
    caches: BTreeMap<Reference, Arc<Cache>>,
}

impl Held {
    /// Takes up what is new and lets go of the rest; the new ones are returned to be listened to.
    pub fn update(&mut self, references: &References, wanted: &BTreeSet<Reference>) -> Vec<Arc<Cache>> {
        self.caches.retain(|reference, _| wanted.contains(reference));
        let missing: Vec<&Reference> = wanted.iter().filter(|r| !self.caches.contains_key(r)).collect();
        let mut new = Vec::new();
        for reference in missing {
            let cache = references.hold(reference);
            new.push(cache.clone());
            self.caches.insert(reference.clone(), cache);
        }
        new
    }

    /// Takes them as they are, once each has been heard of; what an API that is away does not tell is absent.
    pub async fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        let heard = join_all(self.caches.values().map(|cache| cache.synced()));
        if timeout(PATIENCE, heard).await.is_err() {
            tracing::debug!("some config maps or secrets have not been heard of yet");
        }
        for (reference, cache) in &self.caches {
            if let Some(object) = cache.get(&reference.key) {
                contents.take(reference, &object);
            }
        }
        contents
    }
}

/// Config maps and secrets at one moment, by name.
#[derive(Default)]
pub struct Contents {
    maps: BTreeMap<String, Arc<ConfigMap>>,
    secrets: BTreeMap<String, Arc<Secret>>,
}

impl Contents {
    fn take(&mut self, reference: &Reference, object: &Arc<Object>) {
        let name = reference.key.name.to_string();
        if reference.resource == ConfigMap::gvr() {
            self.maps.extend(object.typed::<ConfigMap>().ok().map(|map| (name, map)));
        } else {
            self.secrets.extend(object.typed::<Secret>().ok().map(|secret| (name, secret)));
        }
    }
}

impl Sources for Contents {
    fn config_map(&self, name: &str) -> Option<&ConfigMap> {
        self.maps.get(name).map(|map| &**map)
    }

    fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name).map(|secret| &**secret)
    }
}
