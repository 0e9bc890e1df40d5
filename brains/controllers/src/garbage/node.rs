//! An object of any kind as a key, and its neighbours in the graph.

use meta::{Gvr, Key, Object, OwnerRef};
use plan::View;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) resource: Gvr,
    pub(super) key: Key,
}

impl Node {
    /// `group/version/resource/name` in the object's namespace: no name holds a slash.
    pub(super) fn encode(&self) -> Key {
        let Gvr { group, version, resource } = &self.resource;
        Key::new(self.key.namespace.clone(), format!("{group}/{version}/{resource}/{}", self.key.name))
    }

    pub(super) fn decode(key: &Key) -> Option<Node> {
        let mut parts = key.name.splitn(4, '/');
        let resource = Gvr::new(parts.next()?, parts.next()?, parts.next()?);
        Some(Node { resource, key: Key::new(key.namespace.clone(), parts.next()?) })
    }

    /// Where an owner must stand that an object in a namespace names; none if its kind is not served.
    pub(super) fn of_owner(owner: &OwnerRef, namespace: &str, seen: &View) -> Option<Node> {
        let served = seen.catalog().of_kind(&owner.api_version, &owner.kind)?;
        let namespace = if served.namespaced { namespace } else { "" };
        Some(Node { resource: served.resource.clone(), key: Key::new(namespace, owner.name.clone()) })
    }
}

/// Every object that names this one as its owner and may: in the same namespace, or anywhere if it has none.
pub(super) fn dependents<'a>(owner: &'a Object, seen: &'a View) -> impl Iterator<Item = (Node, &'a Arc<Object>)> {
    let namespace = &owner.header.namespace;
    let all = seen.kinds().flat_map(|(resource, kind)| {
        kind.owned_by(&owner.header.uid)
            .map(move |object| (Node { resource: resource.clone(), key: object.key() }, object))
    });
    all.filter(move |(node, _)| namespace.is_empty() || node.key.namespace == *namespace)
}
