//! Nobody grants through RBAC what they do not hold themselves, unless they may `escalate` the role or `bind` it.

use super::{Admitting, Operation, Plugin};
use crate::authz::{Attributes, Decision, Rule, missing_rights, rules_of};
use crate::identity::MASTERS;
use futures::future::BoxFuture;
use meta::{Gvr, Status, Value};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) struct RbacEscalation;

impl Plugin for RbacEscalation {
    fn name(&self) -> &'static str {
        "RbacEscalation"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.def.group == GROUP && on.operation != Operation::Delete && !on.call.identity.is_in(MASTERS)
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            if on.old.is_some_and(|old| differs_for_collector_alone(old, object)) {
                return Ok(());
            }
            match on.def.names.plural.as_str() {
                "roles" | "clusterroles" => check_role(on, object),
                "rolebindings" | "clusterrolebindings" => check_binding(on, object),
                _ => Ok(()),
            }
        })
    }
}

/// Changes that the garbage collector makes grant nothing.
fn differs_for_collector_alone(old: &Value, new: &Value) -> bool {
    let rest = |object: &Value| {
        let mut object = object.clone();
        for field in ["ownerReferences", "finalizers", "managedFields", "resourceVersion"] {
            object.remove(&format!("metadata.{field}"));
        }
        object
    };
    rest(old) == rest(new)
}

fn check_role(on: &Admitting<'_>, role: &Value) -> Result<(), Status> {
    let key = &on.call.request.key;
    let escalate = Attributes {
        verb: "escalate",
        group: GROUP,
        version: "*",
        resource: &on.def.names.plural,
        namespace: &key.namespace,
        name: &key.name,
        ..Attributes::default()
    };
    if is_allowed(on, &escalate) {
        return Ok(());
    }
    check_rights(on, role, &rules_of(role))?;
    let aggregates = |role: &Value| !role.get("aggregationRule").is_null();
    if (aggregates(role) || on.old.is_some_and(aggregates))
        && !missing(on, &[Rule::everything(), Rule::every_path()]).is_empty()
    {
        return Err(on.forbidden(Some(role), "must have cluster-admin privileges to use the aggregationRule"));
    }
    Ok(())
}

fn check_binding(on: &Admitting<'_>, binding: &Value) -> Result<(), Status> {
    let namespace = on.call.request.key.namespace.as_str();
    let (kind, name) = (binding.str("roleRef.kind"), binding.str("roleRef.name"));
    let resource = match kind {
        "ClusterRole" => "clusterroles",
        "Role" => "roles",
        _ => return Ok(()), // validation refuses it
    };
    let bind =
        Attributes { verb: "bind", group: GROUP, version: "*", resource, namespace, name, ..Attributes::default() };
    if is_allowed(on, &bind) {
        return Ok(());
    }
    let rules = on.api.authorizer.rbac.role_rules(kind, namespace, name);
    let rules = rules.ok_or_else(|| Status::not_found(&Gvr::new(GROUP, "v1", resource), name))?;
    check_rights(on, binding, &rules)
}

fn is_allowed(on: &Admitting<'_>, attributes: &Attributes<'_>) -> bool {
    matches!(on.api.authorizer.decide(&on.call.identity, attributes), Decision::Allow(_))
}

fn missing(on: &Admitting<'_>, wanted: &[Rule]) -> Vec<Rule> {
    let held = on.api.authorizer.rbac.rulings(&on.call.identity, &on.call.request.key.namespace);
    let held: Vec<&Rule> = held.iter().flat_map(|ruling| ruling.rules.iter()).collect();
    missing_rights(&held, wanted)
}

fn check_rights(on: &Admitting<'_>, object: &Value, wanted: &[Rule]) -> Result<(), Status> {
    let missing = missing(on, wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let mut shown: Vec<String> = missing.iter().map(ToString::to_string).collect();
    shown.sort();
    shown.dedup();
    let identity = &on.call.identity;
    let groups: Vec<String> = identity.groups.iter().map(|group| format!("{group:?}")).collect();
    let why = format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        identity.name,
        groups.join(" "),
        shown.join("\n")
    );
    Err(on.forbidden(Some(object), why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn the_collectors_changes_are_known() {
        let role = value!({"metadata": {"name": "a"}, "rules": []});
        let owned = value!({"metadata": {"name": "a", "ownerReferences": [{"name": "o"}]}, "rules": []});
        let wider = value!({"metadata": {"name": "a"}, "rules": [{"verbs": ["*"]}]});
        assert!(differs_for_collector_alone(&role, &owned));
        assert!(!differs_for_collector_alone(&role, &wider));
    }
}
