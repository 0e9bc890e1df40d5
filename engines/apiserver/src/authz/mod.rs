//! Who may do what: the Node authorizer for kubelets, then RBAC.

mod attributes;
mod escalation;
mod node;
mod rbac;
pub mod references;

pub use attributes::Attributes;
pub use escalation::missing_rights;
pub use node::{NodeAuthorizer, node_name};
pub use rbac::{Rbac, Rule, Ruling, rules_of};

use crate::identity::{Identity, MASTERS};
use meta::{Gvr, Status};
use std::fmt;

pub struct Authorizer {
    pub node: NodeAuthorizer,
    pub rbac: Rbac,
}

/// What an authorizer says; its reason is shown to those who ask for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Allow(String),
    NoOpinion(String),
}

impl Authorizer {
    pub fn decide(&self, identity: &Identity, attributes: &Attributes<'_>) -> Decision {
        if identity.is_in(MASTERS) {
            return Decision::Allow(String::new());
        }
        let of_node = || self.node.allows(identity, attributes, &self.rbac.node_rules());
        if node_name(identity).is_some() && of_node() == Some(true) {
            return Decision::Allow(String::new());
        }
        self.rbac.decide(identity, attributes)
    }

    pub fn check(&self, identity: &Identity, attributes: &Attributes<'_>) -> Result<(), Status> {
        match self.decide(identity, attributes) {
            Decision::Allow(_) => Ok(()),
            Decision::NoOpinion(reason) => Err(forbidden(identity, attributes, &reason)),
        }
    }
}

fn forbidden(identity: &Identity, attributes: &Attributes<'_>, reason: &str) -> Status {
    let resource = Gvr::new(attributes.group, "", attributes.resource);
    let mut why = Refusal { identity, attributes }.to_string();
    if !reason.is_empty() {
        why = format!("{why}: {reason}");
    }
    Status::forbidden(&resource, attributes.name, why)
}

struct Refusal<'a> {
    identity: &'a Identity,
    attributes: &'a Attributes<'a>,
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, a) = (&self.identity.name, self.attributes);
        if let Some(path) = a.path {
            return write!(f, "User {user:?} cannot {} path {path:?}", a.verb);
        }
        let resource = a.full_resource();
        write!(f, "User {user:?} cannot {} resource {resource:?} in API group {:?}", a.verb, a.group)?;
        match a.namespace {
            "" => f.write_str(" at the cluster scope"),
            namespace => write!(f, " in the namespace {namespace:?}"),
        }
    }
}
