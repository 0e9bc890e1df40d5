//! A daemon's pod: bound to its node by affinity, and tolerant of what befalls nodes.

use crate::revisions::HASH_LABEL;
use crate::{node_fit, ownership, template};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{NodeSelectorTerm, Pod, PodSpec, PodTemplateSpec, Toleration};
use plan::{Moment, Plan};

const GENERATION_LABEL: &str = "pod-template-generation";
const GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";

/// taint, effect
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
const TOLERATED_ON_HOST_NETWORK: &[(&str, &str)] = &[("node.kubernetes.io/network-unavailable", "NoSchedule")];

pub(super) fn hash(pod: &Pod) -> &str {
    pod.metadata.labels.as_ref().and_then(|labels| labels.get(HASH_LABEL)).map_or("", String::as_str)
}

/// The spec of a pod of this set on any node.
pub(super) fn tolerant(set: &DaemonSet) -> PodSpec {
    let template = set.spec.as_ref().map(|spec| spec.template.clone()).unwrap_or_default();
    let mut spec = template.spec.unwrap_or_default();
    let host: &[_] = if spec.host_network == Some(true) { TOLERATED_ON_HOST_NETWORK } else { &[] };
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in TOLERATED.iter().chain(host) {
        let toleration = Toleration {
            key: Some((*key).into()),
            operator: Some("Exists".into()),
            effect: Some((*effect).into()),
            ..Toleration::default()
        };
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
    spec
}

/// The node that a pod is for, whether it stands there yet or not.
pub(super) fn target(pod: &Pod) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    if let Some(node) = spec.node_name.as_ref().filter(|node| !node.is_empty()) {
        return Some(node.clone());
    }
    let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    let fields = terms.iter().flat_map(|term| term.match_fields.iter().flatten());
    let named = fields.filter(|field| field.key == "metadata.name" && field.operator == "In");
    named.filter_map(|field| field.values.as_ref()?.first().cloned()).next()
}

pub(super) fn create(set: &DaemonSet, node: &str, hash: &str, nth: usize, moment: &Moment, plan: &mut Plan) {
    let owner = &set.metadata;
    let mut spec = tolerant(set);
    let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    let terms: Vec<NodeSelectorTerm> = node_fit::only(node).decode().unwrap_or_default();
    affinity.required_during_scheduling_ignored_during_execution.get_or_insert_default().node_selector_terms = terms;
    let mut metadata = set.spec.as_ref().and_then(|spec| spec.template.metadata.clone()).unwrap_or_default();
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(HASH_LABEL.into(), hash.into());
    if let Some(generation) = owner.annotations.as_ref().and_then(|all| all.get(GENERATION_ANNOTATION)) {
        labels.insert(GENERATION_LABEL.into(), generation.clone());
    }
    let name = moment.name(&template::prefix(owner.name.as_deref().unwrap_or("")), nth);
    let template = PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) };
    plan.create(&ownership::key(owner).namespace, &template::pod::<DaemonSet>(&template, owner, &name));
    plan.event_if_done(set, "SuccessfulCreate", format!("Created pod: {name}"));
    plan.event_if_refused(set, "FailedCreate", "Error creating: ");
}
