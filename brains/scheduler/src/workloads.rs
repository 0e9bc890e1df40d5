//! What pods belong to, for those who say nothing of how to be spread; and the labels of namespaces.

use crate::pod::PodInfo;
use crate::pod::manifest::Selector;
use crate::pod::selector;
use meta::selector::{LabelSelector, Requirement};
use meta::{CompactString, JsonError, Key, Labels, Object};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeSet, HashMap};

#[derive(Default)]
pub(crate) struct Workloads {
    /// What services select by.
    services: HashMap<Key, Labels>,
    /// Services by their namespace and the first label that they select by: a pod looks only under its own.
    services_by_label: HashMap<(CompactString, CompactString, CompactString), BTreeSet<Key>>,
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

fn first_label(service: &Key, labels: &Labels) -> Option<(CompactString, CompactString, CompactString)> {
    labels.iter().next().map(|(key, value)| (service.namespace.clone(), key.clone(), value.clone()))
}

impl Workloads {
    pub(crate) fn put_service(&mut self, key: &Key, new: Option<&Object>) -> Result<(), JsonError> {
        if let Some(first) = self.services.remove(key).and_then(|labels| first_label(key, &labels))
            && let Some(same) = self.services_by_label.get_mut(&first)
        {
            same.remove(key);
            if same.is_empty() {
                self.services_by_label.remove(&first);
            }
        }
        let labels = new.map(selecting::<Labels>).transpose()?.flatten().unwrap_or_default();
        if let Some(first) = first_label(key, &labels) {
            self.services_by_label.entry(first).or_default().insert(key.clone());
            self.services.insert(key.clone(), labels);
        }
        Ok(())
    }

    /// What the services of a pod select by.
    fn services_of<'a>(&'a self, pod: &'a PodInfo) -> impl Iterator<Item = &'a Labels> {
        let under = |(key, value): (&CompactString, &CompactString)| {
            self.services_by_label.get(&(pod.namespace().into(), key.clone(), value.clone()))
        };
        let found = pod.labels().iter().filter_map(under).flatten().filter_map(|key| self.services.get(key));
        found.filter(|labels| labels.iter().all(|(key, value)| pod.labels().get(key) == Some(value)))
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
        let merged: Labels = self.services_of(pod).flat_map(|labels| labels.clone()).collect();
        siblings.requirements.extend(merged.iter().map(equals));
        if let Some(owner) = pod.object.header.controller() {
            let of = (owner.kind.clone(), Key::new(pod.namespace(), owner.name.clone()));
            let selects = self.controllers.get(&of).into_iter().flat_map(|selects| &selects.requirements);
            siblings.requirements.extend(selects.cloned());
        }
        (!siblings.is_everything()).then_some(siblings)
    }
}
