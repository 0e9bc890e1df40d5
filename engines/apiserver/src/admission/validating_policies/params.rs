//! The objects that parameterize a policy, as a binding names them.

use super::policy::{Binding, Policy};
use crate::admission::{Admitting, lookup};
use crate::rows::Row;
use kinds::Scope;
use meta::selector::LabelSelector;
use meta::{Gvr, Key, Value};
use std::sync::Arc;

/// With which the policy is evaluated, one after the other; without any, once, and there are no params then.
pub(super) async fn collect(
    on: &Admitting<'_>,
    policy: &Policy,
    binding: &Binding,
    namespace: &str,
) -> Result<Vec<Value>, String> {
    let Some((api_version, kind)) = &policy.param_kind else { return Ok(vec![Value::Null]) };
    if binding.param.is_null() {
        return Ok(vec![Value::Null]);
    }
    let (row, resource) = row_of(on, api_version, kind).ok_or_else(|| unknown(api_version, kind))?;
    let namespace = match (row.def.scope, binding.param.str("namespace"), namespace) {
        (Scope::Cluster, "", _) => "",
        (Scope::Cluster, _, _) => {
            return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".into());
        }
        (Scope::Namespaced, "", "") => {
            return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".into());
        }
        (Scope::Namespaced, "", own) => own,
        (Scope::Namespaced, given, _) => given,
    };
    let found = named(on, &row, &resource, binding, namespace).await?;
    if found.is_empty() && binding.param.str("parameterNotFoundAction") == "Deny" {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".into());
    }
    Ok(found)
}

async fn named(
    on: &Admitting<'_>,
    row: &Row,
    resource: &Gvr,
    binding: &Binding,
    namespace: &str,
) -> Result<Vec<Value>, String> {
    let objects = match binding.param.str("name") {
        "" => {
            let selector = LabelSelector::from_value(binding.param.get("selector"))?;
            row.hub.list(namespace, &selector).objects
        }
        name => {
            let key = if namespace.is_empty() { Key::cluster(name) } else { Key::new(namespace, name) };
            let found = lookup::find(on.api, resource, &key).await.map_err(|status| status.message)?;
            found.into_iter().collect()
        }
    };
    let mut shown = Vec::new();
    for object in objects {
        let value = object.decode_value();
        shown.push(on.going.shown_as(value, resource).await.map_err(|status| status.message)?);
    }
    Ok(shown)
}

/// Whether there are objects of the kind that the policy says.
pub(super) fn check_kind(on: &Admitting<'_>, policy: &Policy) -> Result<(), String> {
    match &policy.param_kind {
        Some((api_version, kind)) if row_of(on, api_version, kind).is_none() => Err(unknown(api_version, kind)),
        _ => Ok(()),
    }
}

fn row_of(on: &Admitting<'_>, api_version: &str, kind: &str) -> Option<(Arc<Row>, Gvr)> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let mut rows = on.going.table.iter();
    let row = rows.find(|row| row.def.group == group && row.def.names.kind == kind)?;
    row.def.version(version).filter(|version| version.served)?;
    Some((row.clone(), row.def.gvr(version)))
}

fn unknown(api_version: &str, kind: &str) -> String {
    format!("failed to find resource referenced by paramKind: '{api_version}, Kind={kind}'")
}
