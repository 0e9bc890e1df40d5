//! Which requests a webhook or a policy is for: groups, versions and resources, and a star for all of them.

use super::expressions::{self, Names};
use crate::check;
use cel::Type;
use meta::{Cursor, ErrorList, FieldError, Value};

const CONDITIONS_MOST: usize = 64;

/// Under which conditions, each with a name of its own.
pub fn conditions(at: &Cursor<'_>, params: bool, out: &mut ErrorList) {
    let environment = expressions::environment(Names { params, authorizer: true });
    check::too_many(at, CONDITIONS_MOST, out);
    for condition in at.items() {
        let expression = condition.at("expression");
        if expression.str().trim().is_empty() {
            out.push(FieldError::required(&expression.path, ""));
        } else {
            let trimmed = Value::from(expression.str().trim());
            let at = Cursor::new(&trimmed, expression.path.clone());
            let compiled = expressions::compile(at.str(), &environment, &[Type::Bool]);
            expressions::judge(&at, compiled.map(drop), out);
        }
    }
}

pub fn resources(at: &Cursor<'_>, out: &mut ErrorList) {
    for field in ["resourceRules", "excludeResourceRules"] {
        at.at(field).items().for_each(|rule| self::rule(&rule, out));
    }
}

pub fn rule(at: &Cursor<'_>, out: &mut ErrorList) {
    for (field, what) in [("operations", "operations"), ("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        let list = at.at(field);
        if list.items().count() > 1 && list.items().any(|item| item.str() == "*") {
            check::invalid(&list, format!("if '*' is present, must not specify other {what}"), out);
        }
    }
    for version in at.at("apiVersions").items() {
        check::required(&version, "", out);
    }
    let names = at.at("resources");
    names.items().for_each(|name| _ = check::required(&name, "", out));
    covered(&names, out);
    stars(&names, out);
}

/// What an earlier entry with a star covers needs no entry of its own.
fn covered(names: &Cursor<'_>, out: &mut ErrorList) {
    let (mut resources, mut parts) = (Vec::new(), Vec::new());
    for name in names.items() {
        let Some((resource, part)) = name.str().split_once('/') else { continue };
        let covers =
            [(resources.contains(&resource), format!("{resource}/*")), (parts.contains(&part), format!("*/{part}"))];
        for (_, star) in covers.iter().filter(|(known, _)| *known) {
            check::invalid(&name, format!("if '{star}' is present, must not specify {}", name.str()), out);
        }
        if part == "*" {
            resources.push(resource);
        }
        if resource == "*" {
            parts.push(part);
        }
    }
}

fn stars(names: &Cursor<'_>, out: &mut ErrorList) {
    let all: Vec<&str> = names.items().map(|name| name.value.as_str().unwrap_or("")).collect();
    if all.len() > 1 && all.contains(&"*/*") {
        check::invalid(names, "if '*/*' is present, must not specify other resources", out);
    }
    // Upstream looks at the last of those without a subresource.
    let last = all.iter().rfind(|name| !name.is_empty() && !name.contains('/'));
    if all.contains(&"*") && last.is_some_and(|last| *last != "*") {
        check::invalid(names, "if '*' is present, must not specify other resources without subresources", out);
    }
}
