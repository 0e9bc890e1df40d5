//! What expressions of webhooks and policies see of a request, and how their conditions are judged.

use super::Admitting;
use super::webhooks::options;
use crate::authz::{Attributes, Decision};
use crate::webhooks::{About, Condition, Invocation, user};
use cel::{Question, Scope, Val};
use kinds::expressions::{BUDGET, CONDITIONS_BUDGET, NAMESPACE, REQUEST, REQUEST_RESOURCE};
use meta::{Value, value};
use std::fmt;

/// The values of the variables.
#[derive(Clone)]
pub(super) struct Seen {
    pub object: Value,
    pub old: Value,
    pub params: Option<Value>,
    pub namespace: Value,
    pub request: Value,
}

impl Seen {
    /// Conditions see no namespace and no variables; `authority` answers what may be done.
    pub fn scope<'v>(&'v self, authority: Option<&'v Authority<'v>>) -> Scope<'v> {
        let mut scope = Scope::default()
            .with("object", Val::any(&self.object))
            .with("oldObject", Val::any(&self.old))
            .with("namespaceObject", Val::of(&self.namespace, &NAMESPACE))
            .with("request", Val::of(&self.request, &REQUEST));
        if let Some(params) = &self.params {
            scope = scope.with("params", Val::any(params));
        }
        if let Some(authority) = authority {
            let own = authority.own();
            scope = scope
                .with("authorizer", Val::authorizer(authority))
                .with(REQUEST_RESOURCE, Val::resource_check(authority, own));
        }
        scope
    }
}

/// The request as an admission review would tell it, without its objects.
pub(super) fn request(on: &Admitting<'_>, about: &About<'_>, to: &Invocation) -> Value {
    let kind = |kind: &meta::Gvk| value!({"group": (&kind.group), "version": (&kind.version), "kind": (&kind.kind)});
    let resource =
        |of: &meta::Gvr| value!({"group": (&of.group), "version": (&of.version), "resource": (&of.resource)});
    value!({
        "kind": (kind(&to.kind)),
        "resource": (resource(&to.resource)),
        "subResource": (about.subresource),
        "requestKind": (kind(&about.kind)),
        "requestResource": (resource(&about.resource)),
        "requestSubResource": (about.subresource),
        "name": (about.name),
        "namespace": (about.namespace),
        "operation": (about.operation),
        "userInfo": (user(&on.call.identity)),
        "dryRun": (on.call.request.write.dry_run),
        "options": (options(on)),
    })
}

/// Answers what the one who asks may do.
pub(super) struct Authority<'a> {
    on: &'a Admitting<'a>,
    about: &'a About<'a>,
}

impl fmt::Debug for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

impl<'a> Authority<'a> {
    pub fn new(on: &'a Admitting<'a>, about: &'a About<'a>) -> Authority<'a> {
        Authority { on, about }
    }

    /// The question about the request's own resource.
    fn own(&self) -> Question {
        let about = self.about;
        Question {
            group: about.resource.group.to_string(),
            resource: about.resource.resource.to_string(),
            subresource: about.subresource.into(),
            namespace: about.namespace.into(),
            name: about.name.into(),
            ..Question::default()
        }
    }
}

impl cel::Authorizer for Authority<'_> {
    fn decide(&self, question: &Question) -> cel::Decision {
        let attributes = match &question.path {
            Some(path) => Attributes::of_path(&question.verb, path),
            None => Attributes {
                verb: &question.verb,
                group: &question.group,
                version: "*",
                resource: &question.resource,
                subresource: &question.subresource,
                namespace: &question.namespace,
                name: &question.name,
                path: None,
            },
        };
        let account = question.service_account.as_ref();
        let account = account.map(|(namespace, name)| crate::identity::Identity::service_account(namespace, name));
        let identity = account.as_ref().unwrap_or(&self.on.call.identity);
        match self.on.api.authorizer.decide(identity, &attributes) {
            Decision::Allow(reason) => cel::Decision { allowed: true, reason, error: None },
            Decision::NoOpinion(reason) => cel::Decision { allowed: false, reason, error: None },
        }
    }
}

/// An expression's result, or the sentence that says why there is none.
pub(super) type Told<'v> = Result<Val<'v>, String>;

/// No further expression of this policy is evaluated.
pub(super) const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// None where what is left of the budget is not enough.
pub(super) fn evaluate<'v>(condition: &'v Condition, scope: &Scope<'v>, left: &mut u64) -> Option<Told<'v>> {
    let program = match &condition.program {
        Ok(program) => program,
        Err(why) => return Some(Err(format!("compilation error: {why}"))),
    };
    let evaluated = program.evaluate(scope, BUDGET);
    *left = left.checked_sub(evaluated.cost)?;
    let told = |error: cel::EvalError| format!("expression '{}' resulted in error: {error}", condition.expression);
    Some(evaluated.value.map_err(told))
}

/// Whether all conditions hold. One that does not outweighs errors of others; an error is a sentence.
pub(super) fn hold<'v>(conditions: &'v [Condition], scope: &Scope<'v>, ignores_failure: bool) -> Result<bool, String> {
    let (mut left, mut errors) = (CONDITIONS_BUDGET, Vec::new());
    for condition in conditions {
        match evaluate(condition, scope, &mut left) {
            Some(Ok(Val::Bool(false))) => return Ok(false),
            Some(Ok(_)) => {}
            Some(Err(why)) => errors.push(why),
            None => return if ignores_failure { Ok(false) } else { Err(OUT_OF_BUDGET.into()) },
        }
    }
    match (&errors[..], ignores_failure) {
        ([], _) => Ok(true),
        (_, true) => Ok(false),
        ([one], false) => Err(one.clone()),
        (several, false) => Err(format!("[{}]", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_does_not_hold_outweighs_errors() {
        let object = value!({"x": 1i64});
        let check = |expressions: &[&str], ignores_failure: bool, expect: Result<bool, &str>| {
            let written: Vec<Value> = expressions.iter().map(|text| value!({"expression": (*text)})).collect();
            let conditions = Condition::all(&written, false);
            let scope = Scope::default().with("object", Val::any(&object));
            let held = hold(&conditions, &scope, ignores_failure);
            assert_eq!(held.as_ref().map(|held| *held).map_err(String::as_str), expect, "{expressions:?}");
        };
        let (broken, told) = ("object.y == 1", "expression 'object.y == 1' resulted in error: no such key: y");
        check(&[], false, Ok(true));
        check(&["object.x == 1", "true"], false, Ok(true));
        check(&[broken, "object.x == 2"], false, Ok(false));
        check(&[broken, "true"], false, Err(told));
        check(&[broken, broken], false, Err(&format!("[{told}, {told}]")));
        check(&[broken, "true"], true, Ok(false));
    }
}
