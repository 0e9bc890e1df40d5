//! Places that were promised: pods for which others were pushed out, until they take the place or lose it.

use crate::node::NodeInfo;
use crate::pod::PodInfo;
use meta::CompactString;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Nominations {
    node_of: HashMap<CompactString, CompactString>,
    on_node: HashMap<CompactString, Vec<Arc<PodInfo>>>,
}

impl Nominations {
    pub(crate) fn put(&mut self, pod: Arc<PodInfo>, node: CompactString) {
        self.remove(pod.uid());
        self.node_of.insert(pod.uid().clone(), node.clone());
        self.on_node.entry(node).or_default().push(pod);
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, uid: &str) -> bool {
        let Some(node) = self.node_of.remove(uid) else { return false };
        if let Some(pods) = self.on_node.get_mut(&node) {
            pods.retain(|pod| pod.uid() != uid);
            if pods.is_empty() {
                self.on_node.remove(&node);
            }
        }
        true
    }

    pub(crate) fn node_of(&self, uid: &str) -> Option<&CompactString> {
        self.node_of.get(uid)
    }

    /// Takes in what the server shows of a waiting pod. A promise that it does not show yet stands.
    pub(crate) fn heard(&mut self, before: Option<&PodInfo>, pod: &Arc<PodInfo>) {
        if !pod.nominated.is_empty() {
            self.put(pod.clone(), pod.nominated.clone());
        } else if before.is_some_and(|before| !before.nominated.is_empty()) {
            self.remove(pod.uid());
        }
    }

    /// The node as it will be when those have come that are at least as important; the very same where there are none.
    pub(crate) fn filled<'a>(&self, node: &'a NodeInfo, pod: &PodInfo) -> Cow<'a, NodeInfo> {
        if self.on_node.is_empty() {
            return Cow::Borrowed(node);
        }
        let promised = self.on_node.get(node.name()).into_iter().flatten();
        let mut filled = Cow::Borrowed(node);
        for other in promised.filter(|other| other.priority >= pod.priority && other.uid() != pod.uid()) {
            filled.to_mut().add(other.clone());
        }
        filled
    }
}
