//! Every node with the pods that are for it, and what should be.

use super::{Work, pod};
use crate::scaled::{Round, scaled};
use crate::{node_fit, ownership, pods};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Node, Pod, PodSpec};
use plan::{EventType, Moment, Plan, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pod that failed is replaced so long after its beginning at the earliest: what fails at once must not spin.
const FAILED_WAIT: SignedDuration = SignedDuration::from_secs(10);

pub(super) struct NodePods {
    pub(super) nodes: BTreeMap<String, OnNode>,
    /// For nodes that are not there, and not placed.
    stray: Vec<Arc<Pod>>,
    pub(super) hash: String,
}

pub(super) struct OnNode {
    /// Whether a pod belongs there, and whether one that is there may stay.
    pub(super) should_run: bool,
    pub(super) may_stay: bool,
    /// Placed ones first, then by age.
    pub(super) pods: Vec<Arc<Pod>>,
}

impl NodePods {
    pub(super) fn of(set: &DaemonSet, mine: &[Arc<Pod>], seen: &View, hash: String) -> NodePods {
        let wanted = pod::tolerant(set);
        let on_node = |node: Arc<Node>| {
            let (should_run, may_stay) = fit(&wanted, &node);
            (ownership::key(&node.metadata).name.to_string(), OnNode { should_run, may_stay, pods: Vec::new() })
        };
        let mut nodes: BTreeMap<String, OnNode> = seen.all::<Node>().map(on_node).collect();
        let mut stray = Vec::new();
        for pod in mine {
            match pod::target(pod).and_then(|node| nodes.get_mut(&node)) {
                Some(on_node) => on_node.pods.push(pod.clone()),
                None if pods::node(pod).is_empty() && !pods::is_deleted(pod) => stray.push(pod.clone()),
                None => {}
            }
        }
        for on_node in nodes.values_mut() {
            on_node.pods.sort_by_key(|pod| (pods::node(pod).is_empty(), created(pod), pods::name(pod).to_owned()));
        }
        NodePods { nodes, stray, hash }
    }

    pub(super) fn is_new(&self, pod: &Pod) -> bool {
        pod::hash(pod) == self.hash
    }

    pub(super) fn desired(&self) -> i32 {
        self.nodes.values().filter(|node| node.should_run).count() as i32
    }

    pub(super) fn rolls(&self, set: &DaemonSet) -> bool {
        let strategy = set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
        strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete")
    }

    /// How many more, and how many fewer, pods than nodes there may be while rolling.
    pub(super) fn bounds(&self, set: &DaemonSet) -> (i32, i32) {
        let strategy = set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
        let rolling = strategy.filter(|_| self.rolls(set)).and_then(|strategy| strategy.rolling_update.as_ref());
        let surge = scaled(rolling.and_then(|rolling| rolling.max_surge.as_ref()), self.desired(), Round::Up);
        let default = k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(1);
        let unavailable = match rolling {
            Some(rolling) => rolling.max_unavailable.as_ref(),
            None => Some(&default),
        };
        let unavailable = scaled(unavailable, self.desired(), Round::Up);
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    /// What is missing, and what is too much, apart from any update.
    pub(super) fn manage(&self, set: &DaemonSet, moment: &Moment, plan: &mut Plan) -> Work {
        let mut work = Work { create: Vec::new(), delete: self.stray.clone() };
        let surges = self.bounds(set).0 > 0;
        for (name, node) in &self.nodes {
            if node.should_run && node.pods.is_empty() {
                work.create.push(name.clone());
            } else if node.may_stay {
                let running = self.running(set, node, name, moment, plan, &mut work);
                if running.is_empty() && node.should_run && surges && !node.pods.is_empty() {
                    work.create.push(name.clone());
                }
                work.delete.extend(self.surplus(running, surges));
            } else {
                work.delete.extend(node.pods.iter().filter(|pod| !pods::is_deleted(pod)).cloned());
            }
        }
        work
    }

    /// Pods that live on; those that have ended are to go.
    fn running(
        &self,
        set: &DaemonSet,
        node: &OnNode,
        name: &str,
        moment: &Moment,
        plan: &mut Plan,
        work: &mut Work,
    ) -> Vec<Arc<Pod>> {
        let mut running = Vec::new();
        for pod in node.pods.iter().filter(|pod| !pods::is_deleted(pod)) {
            let key = ownership::key(&pod.metadata);
            match pods::phase(pod) {
                "Failed" => {
                    let age = created(pod).map_or(FAILED_WAIT, |created| moment.now.duration_since(created));
                    if age < FAILED_WAIT {
                        plan.again_after(FAILED_WAIT - age);
                        continue;
                    }
                    let message = format!("Found failed daemon pod {key} on node {name}, will try to kill it");
                    plan.event(set, EventType::Warning, "FailedDaemonPod", message);
                    work.delete.push(pod.clone());
                }
                "Succeeded" => {
                    let message = format!("Found succeeded daemon pod {key} on node {name}, will try to delete it");
                    plan.event(set, EventType::Normal, "SucceededDaemonPod", message);
                    work.delete.push(pod.clone());
                }
                _ => running.push(pod.clone()),
            }
        }
        running
    }

    /// All but the oldest; where there may be a surge, all but the oldest of the old and of the new template.
    fn surplus(&self, running: Vec<Arc<Pod>>, surges: bool) -> Vec<Arc<Pod>> {
        if !surges {
            return running.into_iter().skip(1).collect();
        }
        let (new, old): (Vec<_>, Vec<_>) = running.into_iter().partition(|pod| self.is_new(pod));
        new.into_iter().skip(1).chain(old.into_iter().skip(1)).collect()
    }
}

fn created(pod: &Pod) -> Option<Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

fn fit(wanted: &PodSpec, node: &Node) -> (bool, bool) {
    let named = wanted.node_name.as_deref().unwrap_or("");
    let here = named.is_empty() || node.metadata.name.as_deref() == Some(named);
    if !here || !node_fit::is_wanted(wanted, node) {
        return (false, false);
    }
    let should_run = node_fit::untolerated(wanted, node, &["NoExecute", "NoSchedule"]).is_none();
    (should_run, should_run || node_fit::untolerated(wanted, node, &["NoExecute"]).is_none())
}
