//! What would be if pods were gone: the cluster with some of them taken away, all of whom are back when it is over.

use crate::cluster::Cluster;
use crate::cycle;
use crate::framework::Refusal;
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use crate::profile::Profile;
use meta::CompactString;
use std::sync::Arc;

pub struct Trial<'a> {
    profile: &'a Profile,
    cluster: &'a mut Cluster,
    pod: &'a PodInfo,
    away: Vec<Away>,
}

struct Away {
    pod: Arc<PodInfo>,
    node: CompactString,
    assumed: bool,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(profile: &'a Profile, cluster: &'a mut Cluster, pod: &'a PodInfo) -> Trial<'a> {
        Trial { profile, cluster, pod, away: Vec::new() }
    }

    /// The pod that looks for a place.
    pub fn pod(&self) -> &'a PodInfo {
        self.pod
    }

    pub fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// Why a node would not do now.
    pub fn refusal(&self, node: &NodeInfo) -> Option<Refusal> {
        cycle::refusal(self.profile, self.cluster, self.pod, node)
    }

    pub fn take_away(&mut self, uid: &str) {
        let (node, assumed) = (self.cluster.node_of(uid).cloned(), self.cluster.is_assumed(uid));
        if let (Some(pod), Some(node)) = (self.cluster.remove_pod(uid), node) {
            self.away.push(Away { pod, node, assumed });
        }
    }

    pub fn put_back(&mut self, uid: &str) {
        if let Some(at) = self.away.iter().position(|away| away.pod.uid() == uid) {
            let Away { pod, node, assumed } = self.away.swap_remove(at);
            self.cluster.place(pod, node, assumed);
        }
    }

    pub fn put_all_back(&mut self) {
        for Away { pod, node, assumed } in std::mem::take(&mut self.away) {
            self.cluster.place(pod, node, assumed);
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.put_all_back();
    }
}
