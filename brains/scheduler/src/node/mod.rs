//! A node as scheduling sees it: what it is, and what its pods use of it.

mod manifest;

use crate::pod::{HostPort, PodInfo};
use crate::resources::Resources;
use crate::taints::Taint;
use manifest::NodeManifest;
use meta::{CompactString, JsonError, Labels, Object};
use std::sync::Arc;

/// What a node is.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    pub name: CompactString,
    object: Arc<Object>,
    pub unschedulable: bool,
    pub taints: Vec<Taint>,
    pub allocatable: Resources,
    /// Names and sizes of the images it holds, by name.
    pub images: Vec<(CompactString, i64)>,
}

/// A node with the sums over its pods, which are kept as pods come and go.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    pub facts: Arc<NodeFacts>,
    /// What every search asks of the facts, here beside the sums: thousands of nodes are looked at for one pod, and the
    /// facts lie elsewhere in memory.
    pub allocatable: Resources,
    pub unschedulable: bool,
    pub tainted: bool,
    pub requested: Resources,
    pub scored: Resources,
    pub host_ports: Vec<HostPort>,
    pub pods: Vec<Arc<PodInfo>>,
}

impl NodeFacts {
    pub fn read(object: Arc<Object>) -> Result<NodeFacts, JsonError> {
        let NodeManifest { spec, status } =
            serde_json::from_slice(object.body()).map_err(|error| JsonError(error.to_string()))?;
        let mut images = Vec::new();
        for image in status.images.unwrap_or_default() {
            images.extend(image.names.unwrap_or_default().into_iter().map(|name| (name, image.size_bytes)));
        }
        images.sort_unstable();
        Ok(NodeFacts {
            name: object.header.name.clone(),
            unschedulable: spec.unschedulable,
            taints: spec.taints.unwrap_or_default(),
            allocatable: Resources::from_list(&status.allocatable.unwrap_or_default()),
            images,
            object,
        })
    }

    pub fn labels(&self) -> &Labels {
        &self.object.header.labels
    }

    pub fn label(&self, key: &str) -> Option<&CompactString> {
        self.labels().get(key)
    }

    /// The size of an image that it holds.
    pub fn image(&self, name: &str) -> Option<i64> {
        let found = self.images.binary_search_by(|(image, _)| image.as_str().cmp(name));
        found.ok().map(|at| self.images[at].1)
    }

    /// Whether nothing that scheduling looks at differs.
    pub fn same(&self, other: &NodeFacts) -> bool {
        self.unschedulable == other.unschedulable
            && self.taints == other.taints
            && self.allocatable == other.allocatable
            && self.images == other.images
            && self.labels() == other.labels()
    }

    /// Region and zone: nodes of one are taken in turn with those of others.
    pub fn zone(&self) -> (&str, &str) {
        let of = |key| self.label(key).map_or("", CompactString::as_str);
        (of("topology.kubernetes.io/region"), of("topology.kubernetes.io/zone"))
    }
}

impl NodeInfo {
    pub(crate) fn new(facts: Arc<NodeFacts>) -> NodeInfo {
        let allocatable = facts.allocatable.clone();
        let (unschedulable, tainted) = (facts.unschedulable, !facts.taints.is_empty());
        let (requested, scored) = (Resources::default(), Resources::default());
        let (host_ports, pods) = (Vec::new(), Vec::new());
        NodeInfo { facts, allocatable, unschedulable, tainted, requested, scored, host_ports, pods }
    }

    /// Takes in what the node is now; answers what it was.
    pub(crate) fn change(&mut self, facts: Arc<NodeFacts>) -> Arc<NodeFacts> {
        self.allocatable.clone_from(&facts.allocatable);
        (self.unschedulable, self.tainted) = (facts.unschedulable, !facts.taints.is_empty());
        std::mem::replace(&mut self.facts, facts)
    }

    pub fn name(&self) -> &CompactString {
        &self.facts.name
    }

    pub(crate) fn add(&mut self, pod: Arc<PodInfo>) {
        self.requested.add(&pod.requests);
        self.scored.add(&pod.scored);
        self.host_ports.extend(pod.host_ports.iter().cloned());
        self.pods.push(pod);
    }

    pub(crate) fn remove(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let at = self.pods.iter().position(|pod| pod.uid() == uid)?;
        let pod = self.pods.swap_remove(at);
        self.requested.subtract(&pod.requests);
        self.scored.subtract(&pod.scored);
        for port in &pod.host_ports {
            if let Some(taken) = self.host_ports.iter().position(|taken| taken == port) {
                self.host_ports.swap_remove(taken);
            }
        }
        Some(pod)
    }
}
