//! What scheduling reads of a pod's JSON, and nothing more: the rest is skipped, not decoded.

use crate::resources::ResourceList;
use crate::taints::Toleration;
use meta::CompactString;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

type Strings = BTreeMap<CompactString, CompactString>;

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Structs whose fields may all be absent or null.
macro_rules! read {
    ($(struct $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        $(
            #[derive(Clone, Debug, Default, Deserialize)]
            #[serde(rename_all = "camelCase", default)]
            pub(crate) struct $name {
                $(#[serde(deserialize_with = "or_default")] $(#[$attribute])* pub(crate) $field: $type,)*
            }
        )*
    };
}

read! {
    struct PodManifest { spec: PodSpec, status: PodStatus }

    struct PodSpec {
        node_name: CompactString,
        scheduler_name: CompactString,
        priority: i32,
        preemption_policy: CompactString,
        node_selector: Strings,
        affinity: Affinity,
        tolerations: Vec<Toleration>,
        containers: Vec<Container>,
        init_containers: Vec<Container>,
        overhead: ResourceList,
        resources: Requirements,
        scheduling_gates: Vec<Named>,
        topology_spread_constraints: Vec<SpreadManifest>,
    }

    struct PodStatus {
        phase: CompactString,
        nominated_node_name: CompactString,
        start_time: CompactString,
        conditions: Vec<Condition>,
        container_statuses: Vec<ContainerStatus>,
        init_container_statuses: Vec<ContainerStatus>,
    }

    struct Condition {
        #[serde(rename = "type")]
        kind: CompactString,
        status: CompactString,
        reason: CompactString,
        message: CompactString,
    }

    struct ContainerStatus { name: CompactString, resources: Option<Requirements>, allocated_resources: ResourceList }

    struct Named { name: CompactString }

    struct Container {
        name: CompactString,
        image: CompactString,
        resources: Requirements,
        ports: Vec<Port>,
        restart_policy: CompactString,
    }

    struct Requirements { requests: ResourceList }

    struct Port { host_port: i32, protocol: CompactString, #[serde(rename = "hostIP")] host_ip: CompactString }

    struct Affinity { node_affinity: NodeTerms, pod_affinity: PodTerms, pod_anti_affinity: PodTerms }

    struct NodeTerms {
        #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
        required: Option<NodeSelectorManifest>,
        #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
        preferred: Vec<PreferredNodes>,
    }

    struct PodTerms {
        #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
        required: Vec<PodTerm>,
        #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
        preferred: Vec<WeightedPodTerm>,
    }

    struct NodeSelectorTerm { match_expressions: Vec<Expression>, match_fields: Vec<Expression> }

    struct Expression { key: CompactString, operator: CompactString, values: Vec<CompactString> }

    struct PreferredNodes { weight: i64, preference: NodeSelectorTerm }

    struct NodeSelectorManifest { node_selector_terms: Vec<NodeSelectorTerm> }

    struct Selector { match_labels: Strings, match_expressions: Vec<Expression> }

    struct PodTerm {
        label_selector: Option<Selector>,
        namespaces: Vec<CompactString>,
        namespace_selector: Option<Selector>,
        topology_key: CompactString,
    }

    struct WeightedPodTerm { weight: i64, pod_affinity_term: PodTerm }

    struct SpreadManifest {
        max_skew: i64,
        topology_key: CompactString,
        when_unsatisfiable: CompactString,
        label_selector: Option<Selector>,
        min_domains: Option<i64>,
        match_label_keys: Vec<CompactString>,
        node_affinity_policy: CompactString,
        node_taints_policy: CompactString,
    }
}
