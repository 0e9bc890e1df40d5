//! What pods belong to, for those who say nothing of how to be spread; and the labels of namespaces.

use crate::pod::PodInfo;
use crate::pod::manifest::Selector;
use crate::pod::selector;
use meta::selector::{LabelSelector, Labels, Requirement};
use meta::{CompactString, JsonError, Key, Object};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Default)]
pub(crate) struct Workloads {
    /// Per namespace: what services select by.
    services: HashMap<CompactString, BTreeMap<CompactString, Labels>>,
    /// By kind and key: what controllers select by.
    controllers: HashMap<(CompactString, Key), LabelSelector>,
    namespaces: HashMap<CompactString, Labels>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Selecting<T: Default> {
    spec: Spec<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec<T: Default> {
    selector: Option<T>,
}

fn selecting<T: DeserializeOwned + Default>(object: &Object) -> Result<Option<T>, JsonError> {
    let read: Selecting<T> = serde_json::from_slice(object.body()).map_err(|error| JsonError(error.to_string()))?;
    Ok(read.spec.selector)
}

fn equals((key, value): (&CompactString, &CompactString)) -> Requirement {
    Requirement::In(key.clone(), BTreeSet::from([value.clone()]))
}

impl Workloads {
    pub(crate) fn put_service(&mut self, key: &Key, new: Option<&Object>) -> Result<(), JsonError> {
        let of_namespace = self.services.entry(key.namespace.clone()).or_default();
        of_namespace.remove(&key.name);
        if let Some(labels) = new.map(selecting::<Labels>).transpose()?.flatten() {
            of_namespace.insert(key.name.clone(), labels);
        }
        Ok(())
    }

    /// `kind` is `ReplicaSet`, `StatefulSet` or `ReplicationController`.
    pub(crate) fn put_controller(&mut self, kind: &str, key: &Key, new: Option<&Object>) -> Result<(), JsonError> {
        let of = (kind.into(), key.clone());
        let Some(new) = new else {
            self.controllers.remove(&of);
            return Ok(());
        };
        let selects = if kind == "ReplicationController" {
            let labels = selecting::<Labels>(new)?.unwrap_or_default();
            let mut selects = LabelSelector::everything();
            selects.requirements.extend(labels.iter().map(equals));
            selects
        } else {
            selector(selecting::<Selector>(new)?.as_ref())
        };
        self.controllers.insert(of, selects);
        Ok(())
    }

    pub(crate) fn put_namespace(&mut self, name: &CompactString, new: Option<&Object>) {
        match new {
            Some(new) => self.namespaces.insert(name.clone(), new.header.labels.clone()),
            None => self.namespaces.remove(name),
        };
    }

    pub(crate) fn namespace_labels(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }

    pub(crate) fn namespaces_with<'a>(
        &'a self,
        selector: &'a LabelSelector,
    ) -> impl Iterator<Item = &'a CompactString> {
        self.namespaces.iter().filter(|(_, labels)| selector.matches(labels)).map(|(name, _)| name)
    }

    /// What the services and the controller of a pod select by, together; none where there are none.
    pub(crate) fn siblings(&self, pod: &PodInfo) -> Option<LabelSelector> {
        let mut siblings = LabelSelector::everything();
        let mut merged = Labels::new();
        for labels in self.services.get(pod.namespace()).into_iter().flat_map(BTreeMap::values) {
            if !labels.is_empty() && labels.iter().all(|(key, value)| pod.labels().get(key) == Some(value)) {
                merged.extend(labels.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        siblings.requirements.extend(merged.iter().map(equals));
        if let Some(owner) = pod.object.header.controller() {
            let of = (owner.kind.clone(), Key::new(pod.namespace(), owner.name.clone()));
            let selects = self.controllers.get(&of).into_iter().flat_map(|selects| &selects.requirements);
            siblings.requirements.extend(selects.cloned());
        }
        (!siblings.is_everything()).then_some(siblings)
    }
}
