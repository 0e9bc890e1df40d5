//! The pods of a node.

use crate::pods;
use k8s_openapi::api::core::v1::Pod;
use plan::Index;

pub(crate) const BY_NODE: Index = Index {
    name: "node",
    values: |pod| {
        let node = pod.typed::<Pod>().map(|pod| pods::node(&pod).to_owned()).unwrap_or_default();
        if node.is_empty() { Vec::new() } else { vec![node.into()] }
    },
};
