//! An object's owners, judged: those that hold it, those that are gone, those that wait for it to go.

use super::node::Node;
use super::waits_for_dependents;
use meta::{CompactString, Object, OwnerRef};
use plan::{Fact, Plan, View};

#[derive(Default)]
pub(super) struct Owners {
    solid: bool,
    /// Not seen where they must stand; the server is asked before this is believed.
    absent: Vec<(Node, CompactString)>,
    waiting: Vec<CompactString>,
}

impl Owners {
    /// An owner of a kind that is not served may exist all the same: nothing can be decided then.
    pub(super) fn classify(node: &Node, object: &Object, seen: &View) -> Result<Owners, String> {
        let mut owners = Owners::default();
        for owner in &object.header.owner_references {
            let known = seen.catalog().of_kind(&owner.api_version, &owner.kind);
            let served =
                known.ok_or_else(|| format!("owner kind {} {} is not served", owner.api_version, owner.kind))?;
            if served.namespaced && node.key.namespace.is_empty() {
                return Err(format!("{} has no namespace and names an owner in one: {}", node.key, owner.name));
            }
            let place = Node::of_owner(owner, &node.key.namespace, seen);
            let place =
                place.ok_or_else(|| format!("owner kind {} {} is not served", owner.api_version, owner.kind))?;
            owners.judge(owner, place, seen);
        }
        Ok(owners)
    }

    fn judge(&mut self, owner: &OwnerRef, place: Node, seen: &View) {
        let found = seen.object(&place.resource, &place.key).filter(|found| found.header.uid == owner.uid);
        match found {
            Some(found) if waits_for_dependents(found) => self.waiting.push(owner.uid.clone()),
            Some(_) => self.solid = true,
            None => self.absent.push((place, owner.uid.clone())),
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.solid
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn has_lost_some(&self) -> bool {
        !self.absent.is_empty() || !self.waiting.is_empty()
    }

    pub(super) fn is_lost(&self, owner: &OwnerRef) -> bool {
        self.waiting.contains(&owner.uid) || self.absent.iter().any(|(_, uid)| *uid == owner.uid)
    }

    pub(super) fn confirm(&self, plan: &mut Plan) {
        for (place, uid) in &self.absent {
            plan.confirm(Fact::Absent {
                resource: place.resource.clone(),
                key: place.key.clone(),
                uid: Some(uid.clone()),
            });
        }
    }
}
