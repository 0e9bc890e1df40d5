//! What a policy must satisfy.

use crate::admissionregistration::expressions::{self, Names, Variables};
use crate::admissionregistration::match_rules;
use crate::check;
use cel::{Environment, Type};
use meta::{Cursor, ErrorList, FieldError, names};
use std::collections::BTreeSet;

const ANNOTATIONS_MOST: usize = 20;

pub fn check(spec: &Cursor<'_>, name: &str, out: &mut ErrorList) {
    let constraints = spec.at("matchConstraints");
    if !constraints.is_null() {
        match_rules::resources(&constraints, out);
        check::required_items(&constraints.at("resourceRules"), out);
    }
    spec.at("paramKind").present().iter().for_each(|kind| param_kind(kind, out));
    let names = Names { params: !spec.at("paramKind").is_null(), authorizer: true };
    match_rules::conditions(&spec.at("matchConditions"), names.params, out);
    let mut variables = Variables::default();
    spec.at("variables").items().for_each(|variable| self::variable(&variable, names, &mut variables, out));
    let any = !spec.at("variables").value.is_empty();
    let environments = Environments {
        plain: variables.environment(names, any),
        message: variables.environment(Names { authorizer: false, ..names }, any),
    };
    let (validations, annotations) = (spec.at("validations"), spec.at("auditAnnotations"));
    if validations.value.is_empty() && annotations.value.is_empty() {
        for list in [&validations, &annotations] {
            let why = "validations or auditAnnotations must contain at least one item";
            out.push(FieldError::required(&list.path, why));
        }
    }
    validations.items().for_each(|validation| self::validation(&validation, &environments, out));
    audit(&annotations, name, &environments.plain, out);
}

fn param_kind(at: &Cursor<'_>, out: &mut ErrorList) {
    let (version, kind) = (at.at("apiVersion"), at.at("kind"));
    if check::required(&version, "", out) {
        group_version(&version, out);
    }
    if check::required(&kind, "", out) {
        let complaints = names::dns_1035_label(&kind.str().to_lowercase());
        if !complaints.is_empty() {
            let why = format!("may have mixed case, but should otherwise match: {}", complaints.join(","));
            check::invalid(&kind, why, out);
        }
    }
}

fn group_version(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.str().matches('/').count() > 1 {
        return check::invalid(at, format!("unexpected GroupVersion string: {}", at.str()), out);
    }
    let (group, version) = at.str().split_once('/').unwrap_or(("", at.str()));
    let mut wrong = |shown: &str, complaints: Vec<String>| {
        if !complaints.is_empty() {
            out.push(FieldError::invalid(&at.path, shown, complaints.join(",")));
        }
    };
    if !group.is_empty() {
        wrong(group, names::dns_subdomain(group));
    }
    match version {
        "" => wrong(at.str(), vec!["version must be specified".into()]),
        _ => wrong(version, names::dns_1035_label(version)),
    }
}

struct Environments {
    plain: Environment,
    message: Environment,
}

fn variable(at: &Cursor<'_>, names: Names, variables: &mut Variables, out: &mut ErrorList) {
    for (field, why) in [("name", "name is not specified"), ("expression", "expression is not specified")] {
        if at.at(field).str().trim().is_empty() {
            out.push(FieldError::required(&at.at(field).path, why));
        }
    }
    let (name, expression) = (at.at("name"), at.at("expression"));
    if !name.str().trim().is_empty() && !cel::is_identifier(name.str()) {
        check::invalid(&name, "must be a valid CEL identifier", out);
    }
    if !expression.str().trim().is_empty() {
        expressions::judge(&expression, variables.add(name.str(), expression.str(), names), out);
    }
}

fn compiled(at: &Cursor<'_>, environment: &Environment, wanted: &[Type], out: &mut ErrorList) {
    if !at.str().trim().is_empty() {
        expressions::judge(at, expressions::compile(at.str(), environment, wanted).map(drop), out);
    }
}

fn validation(at: &Cursor<'_>, environments: &Environments, out: &mut ErrorList) {
    if at.at("expression").str().trim().is_empty() {
        out.push(FieldError::required(&at.at("expression").path, "expression is not specified"));
    }
    compiled(&at.at("expression"), &environments.plain, &[Type::Bool], out);
    compiled(&at.at("messageExpression"), &environments.message, &[Type::Text], out);
    for field in ["messageExpression", "message"] {
        let text = at.at(field);
        if !text.str().is_empty() && text.str().trim().is_empty() {
            check::invalid(&text, "must be non-empty if specified", out);
        }
    }
    let message = at.at("message");
    if message.str().trim().contains(['\n', '\r']) {
        check::invalid(&message, "must not contain line breaks", out);
    }
}

/// Annotations of the audit log, each under the policy's name and a key of its own.
fn audit(annotations: &Cursor<'_>, name: &str, environment: &Environment, out: &mut ErrorList) {
    if annotations.items().count() > ANNOTATIONS_MOST {
        let why = format!("must not have more than {ANNOTATIONS_MOST} auditAnnotations");
        check::invalid(annotations, why, out);
    }
    let mut keys = BTreeSet::new();
    for annotation in annotations.items() {
        let (key, value) = (annotation.at("key"), annotation.at("valueExpression"));
        let full = format!("{name}/{}", key.str());
        let complaints = names::qualified_name(&full).into_iter();
        out.extend(complaints.map(|complaint| FieldError::invalid(&key.path, full.as_str(), complaint)));
        if value.str().trim().is_empty() {
            out.push(FieldError::required(&value.path, "valueExpression is not specified"));
        }
        compiled(&value, environment, &[Type::Text, Type::Null], out);
        if !keys.insert(key.str()) {
            out.push(FieldError::duplicate(&key.path, key.str()));
        }
    }
}
