//! The Node authorizer: a kubelet may do what its role says, and see of Secrets, ConfigMaps, volumes and tokens only
//! what pods bound to its node refer to.

use super::references::{claims, config_maps, secrets};
use super::{Attributes, Rule};
use crate::hub::KindHub;
use crate::identity::Identity;
use meta::Value;
use std::sync::Arc;

const GROUP: &str = "system:nodes";
const PREFIX: &str = "system:node:";

pub struct NodeAuthorizer {
    pub pods: Arc<KindHub>,
}

/// The node that an identity is the kubelet of.
pub fn node_name(identity: &Identity) -> Option<&str> {
    identity.name.strip_prefix(PREFIX).filter(|name| !name.is_empty() && identity.is_in(GROUP))
}

impl NodeAuthorizer {
    /// None: this authorizer has no opinion. `role` is the rules of `system:node`.
    pub fn allows(&self, identity: &Identity, asked: &Attributes<'_>, role: &[Rule]) -> Option<bool> {
        let node = node_name(identity)?;
        if asked.path.is_some() {
            return None;
        }
        Some(match (asked.group, asked.resource) {
            ("", "secrets") => self.reads_referred(asked, node, secrets),
            ("", "configmaps") => self.reads_referred(asked, node, config_maps),
            ("", "persistentvolumeclaims") if asked.subresource.is_empty() => self.reads_referred(asked, node, claims),
            ("", "serviceaccounts") if asked.subresource == "token" => {
                asked.verb == "create"
                    && self.refers(asked, node, |pod, name| pod.str("spec.serviceAccountName") == name)
            }
            ("coordination.k8s.io", "leases") => asked.namespace == "kube-node-lease" && own_or_new(asked, node),
            ("storage.k8s.io", "csinodes") => own_or_new(asked, node),
            _ => {
                let resource = asked.full_resource();
                role.iter().any(|rule| rule.grants(asked, &resource))
            }
        })
    }

    fn reads_referred(&self, asked: &Attributes<'_>, node: &str, refers: fn(&Value, &str) -> bool) -> bool {
        matches!(asked.verb, "get" | "list" | "watch") && !asked.name.is_empty() && self.refers(asked, node, refers)
    }

    fn refers(&self, asked: &Attributes<'_>, node: &str, refers: impl Fn(&Value, &str) -> bool) -> bool {
        let pods = self.pods.with_field("spec.nodeName", node);
        let beside = pods.iter().filter(|pod| pod.header.namespace == asked.namespace);
        beside.map(|pod| pod.decode_value()).any(|pod| refers(&pod, asked.name))
    }
}

fn own_or_new(asked: &Attributes<'_>, node: &str) -> bool {
    match asked.verb {
        "create" => asked.name.is_empty() || asked.name == node,
        "get" | "update" | "patch" | "delete" => asked.name == node,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kubelets_are_nodes() {
        assert_eq!(node_name(&Identity::new("system:node:n1", &[GROUP])), Some("n1"));
        assert_eq!(node_name(&Identity::new("system:node:n1", &[])), None);
        assert_eq!(node_name(&Identity::new("n1", &[GROUP])), None);
    }
}
