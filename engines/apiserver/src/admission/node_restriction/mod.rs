//! A kubelet changes its own Node, the pods bound to it, its lease and its like, and nothing of other nodes.

mod certificate;
mod claim;
mod labels;
mod node;
mod pod;
mod references;
mod token;

pub(super) use pod::MIRROR;
pub(crate) use pod::admit_eviction;
pub(crate) use token::admit_token_request;

use super::{Admitting, Operation, Plugin};
use crate::authz::node_name;
use futures::future::BoxFuture;
use meta::{Status, Value};

pub(super) struct NodeRestriction;

impl Plugin for NodeRestriction {
    fn name(&self) -> &'static str {
        "NodeRestriction"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        node_name(&on.call.identity).is_some()
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(restrict(on, Some(object)))
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, _object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            match on.operation {
                Operation::Delete => restrict(on, None).await,
                _ => Ok(()),
            }
        })
    }
}

async fn restrict(on: &Admitting<'_>, object: Option<&Value>) -> Result<(), Status> {
    let Some(node) = node_name(&on.call.identity) else { return Ok(()) };
    let subresource = on.call.request.subresource.as_str();
    let checked = match (on.def.group.as_str(), on.def.names.plural.as_str()) {
        ("", "pods") => return pod::restrict(on, node, object).await,
        ("", "nodes") => node::check(on.operation, on.old, object, node, on.object_name(object)),
        ("", "persistentvolumeclaims") if subresource == "status" => claim::check_status(on.old, object, node),
        ("", "persistentvolumeclaims") => Err("may only update PVC status".to_string()),
        ("coordination.k8s.io", "leases") => {
            let namespace = on.call.request.key.namespace.as_str();
            check_lease(namespace, on.object_name(object), node)
        }
        ("storage.k8s.io", "csinodes") if on.object_name(object) != node => {
            Err("can only access CSINode with the same name as the requesting node".to_string())
        }
        ("certificates.k8s.io", "certificatesigningrequests") => certificate::check(on.operation, object, node),
        ("resource.k8s.io", "resourceslices") => check_slice(on, object, node),
        _ => Ok(()),
    };
    checked.map_err(|why| on.forbidden(object, why))
}

fn check_lease(namespace: &str, name: &str, node: &str) -> Result<(), String> {
    if namespace != "kube-node-lease" {
        return Err("can only access leases in the \"kube-node-lease\" system namespace".into());
    }
    match name == node {
        true => Ok(()),
        false => Err("can only access node lease with the same name as the requesting node".into()),
    }
}

fn check_slice(on: &Admitting<'_>, object: Option<&Value>, node: &str) -> Result<(), String> {
    let (slice, verb) = match (on.operation, object, on.old) {
        (Operation::Create, Some(new), _) => (new, "create"),
        (Operation::Delete, _, Some(old)) => (old, "delete"),
        _ => return Ok(()), // the node of a slice does not change
    };
    match slice.str("spec.nodeName") == node {
        true => Ok(()),
        false => Err(format!("can only {verb} ResourceSlice with the same NodeName as the requesting node")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_the_nodes_own() {
        for (namespace, name, allowed) in
            [("kube-node-lease", "n1", true), ("kube-node-lease", "n2", false), ("kube-system", "n1", false)]
        {
            assert_eq!(check_lease(namespace, name, "n1").is_ok(), allowed, "{namespace}/{name}");
        }
    }
}
