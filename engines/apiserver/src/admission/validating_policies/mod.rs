//! Policies in CEL that may refuse what is written: each is evaluated once for each of its bindings that matches.

mod params;
mod policy;

pub(crate) use policy::Policies;

use super::expressions::{Authority, OUT_OF_BUDGET, Seen, evaluate, hold, request};
use super::webhooks::{about, is_exempt, shown};
use super::{Admitting, Plugin, lookup};
use crate::webhooks::{About, Condition, Invocation};
use cel::{Scope, Val};
use futures::future::BoxFuture;
use kinds::expressions::POLICY_BUDGET;
use meta::{Cause, Gvr, Key, Status, Value};
use policy::{Binding, Policy, Validation};

pub(super) struct ValidatingPolicies;

const LONGEST_MESSAGE: usize = 5 * 1024;

impl Plugin for ValidatingPolicies {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionPolicy"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        !is_exempt(on) && !on.api.policies.now().is_empty()
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(dispatch(on, object))
    }
}

/// Why a policy says no.
#[derive(Debug, PartialEq)]
struct Denial {
    message: String,
    reason: String,
}

impl Denial {
    fn of_failure(message: impl Into<String>) -> Denial {
        Denial { message: message.into(), reason: String::new() }
    }
}

/// All policies are evaluated; the first refusal is the answer.
async fn dispatch(on: &Admitting<'_>, object: Option<&Value>) -> Result<(), Status> {
    let about = about(on, object).await;
    let mut refusal = None;
    for policy in on.api.policies.now().iter() {
        let told = judge(on, &about, policy, object).await?;
        refusal = refusal.or(told);
    }
    match refusal {
        Some((denial, message)) => Err(refused(on, object, &denial, message)),
        None => Ok(()),
    }
}

fn refused(on: &Admitting<'_>, object: Option<&Value>, denial: &Denial, message: String) -> Status {
    let mut status = on.forbidden(object, &message);
    let (reason, code) = match denial.reason.as_str() {
        "Forbidden" => ("Forbidden", 403),
        "Unauthorized" => ("Unauthorized", 401),
        "RequestEntityTooLarge" => ("RequestEntityTooLarge", 413),
        _ => ("Invalid", 422),
    };
    (status.reason, status.code) = (reason.into(), code);
    let details = status.details.get_or_insert_default();
    details.causes.push(Cause { message, ..Cause::default() });
    status
}

async fn judge(
    on: &Admitting<'_>,
    about: &About<'_>,
    policy: &Policy,
    object: Option<&Value>,
) -> Result<Option<(Denial, String)>, Status> {
    let name = &policy.name;
    let to = match policy.matching.matches(about) {
        Ok(Some(to)) => to,
        Ok(None) => return Ok(None),
        Err(status) => return Ok(misconfigured(policy, &status.message)),
    };
    if let Err(why) = params::check_kind(on, policy) {
        return Ok(misconfigured(policy, &why));
    }
    let mut first = None;
    for binding in &policy.bindings {
        for denial in of_binding(on, about, policy, binding, &to, object).await? {
            let denied = format!("ValidatingAdmissionPolicy '{name}' with binding '{}' denied request", binding.name);
            let message = format!("{denied}: {}", denial.message);
            first = first.or(Some((denial, message)));
        }
    }
    Ok(first)
}

fn misconfigured(policy: &Policy, why: &str) -> Option<(Denial, String)> {
    let denial = Denial::of_failure(format!("failed to configure policy: {why}"));
    let message = format!("ValidatingAdmissionPolicy '{}' denied request: {}", policy.name, denial.message);
    (!policy.ignores_failure && !policy.bindings.is_empty()).then_some((denial, message))
}

/// The refusals that count; those that are only told are told.
async fn of_binding(
    on: &Admitting<'_>,
    about: &About<'_>,
    policy: &Policy,
    binding: &Binding,
    to: &Invocation,
    object: Option<&Value>,
) -> Result<Vec<Denial>, Status> {
    let misconfigured = |why: String| match policy.ignores_failure {
        true => Vec::new(),
        false => vec![Denial::of_failure(format!("failed to configure binding: {why}"))],
    };
    match binding.matching.matches(about) {
        Ok(Some(_)) => {}
        Ok(None) => return Ok(Vec::new()),
        Err(status) => return Ok(misconfigured(status.message)),
    }
    let params = match params::collect(on, policy, binding, about.namespace).await {
        Ok(params) => params,
        Err(why) => return Ok(misconfigured(why)),
    };
    let mut seen = Seen {
        object: shown(on, object, to).await?,
        old: shown(on, on.old, to).await?,
        params: None,
        namespace: namespace_object(on, about).await?,
        request: request(on, about, to),
    };
    let authority = Authority::new(on, about);
    let mut counting = Vec::new();
    for param in params {
        seen.params = policy.param_kind.as_ref().map(|_| param);
        let denials = decide(policy, &seen, &authority);
        counting.extend(act(on, policy, binding, denials));
    }
    Ok(counting)
}

async fn namespace_object(on: &Admitting<'_>, about: &About<'_>) -> Result<Value, Status> {
    let of_namespaces = about.resource.group.is_empty() && about.resource.resource == "namespaces";
    if about.namespace.is_empty() || of_namespaces {
        return Ok(Value::Null);
    }
    let namespaces = Gvr::new("", "v1", "namespaces");
    let found = lookup::must_find(on.api, &namespaces, &Key::cluster(about.namespace)).await?;
    Ok(found.decode_value())
}

fn act(on: &Admitting<'_>, policy: &Policy, binding: &Binding, denials: Vec<Denial>) -> Vec<Denial> {
    let does = |action: &str| binding.actions.iter().any(|known| known == action);
    if does("Warn") {
        let (policy, binding) = (&policy.name, &binding.name);
        let told = |denial: &Denial| {
            let which = format!("ValidatingAdmissionPolicy '{policy}' with binding '{binding}'");
            format!("Validation failed for {which}: {}", denial.message)
        };
        on.effects.warn(denials.iter().map(told).collect());
    }
    if does("Deny") { denials } else { Vec::new() }
}

/// What a policy says of what it sees.
fn decide(policy: &Policy, seen: &Seen, authority: &Authority<'_>) -> Vec<Denial> {
    let failed = |why: String| if policy.ignores_failure { Vec::new() } else { vec![Denial::of_failure(why)] };
    let bare = Seen { namespace: Value::Null, ..seen.clone() };
    match hold(&policy.conditions, &bare.scope(Some(authority)), policy.ignores_failure) {
        Ok(true) => {}
        Ok(false) => return Vec::new(),
        Err(why) => return failed(why),
    }
    let scope = seen.scope(Some(authority)).with_variables(&policy.variables);
    let spoken = seen.scope(None).with_variables(&policy.variables);
    let (mut left, mut denials) = (POLICY_BUDGET, Vec::new());
    for validation in &policy.validations {
        match evaluate(&validation.holds, &scope, &mut left) {
            None => return failed(OUT_OF_BUDGET.into()),
            Some(Ok(Val::Bool(true))) => {}
            Some(Err(why)) => denials.extend(failed(why)),
            Some(Ok(_)) => denials
                .push(Denial { message: message(validation, &spoken, &mut left), reason: validation.reason.clone() }),
        }
    }
    denials.extend(policy.annotations.iter().filter_map(|annotation| unsaid(annotation, &scope)).flat_map(failed));
    denials
}

/// An annotation that cannot be evaluated fails the policy.
fn unsaid<'v>(annotation: &'v Condition, scope: &Scope<'v>) -> Option<String> {
    let mut left = POLICY_BUDGET;
    match evaluate(annotation, scope, &mut left) {
        None => Some(OUT_OF_BUDGET.into()),
        Some(told) => told.err(),
    }
}

fn message<'v>(validation: &'v Validation, scope: &Scope<'v>, left: &mut u64) -> String {
    let spoken = validation.spoken.as_ref().and_then(|spoken| evaluate(spoken, scope, left));
    let spoken = spoken.and_then(Result::ok);
    let text = spoken.as_ref().and_then(Val::as_text).unwrap_or_default().trim();
    match (text, validation.message.as_str()) {
        (text, _) if !text.is_empty() && !text.contains('\n') && text.len() <= LONGEST_MESSAGE => text.into(),
        (_, "") => format!("failed expression: {}", validation.holds.expression.trim()),
        (_, message) => message.into(),
    }
}
