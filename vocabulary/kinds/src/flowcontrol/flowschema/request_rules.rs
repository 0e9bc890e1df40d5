//! Which requests a flow schema is for: whose, and about what.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, names};

const VERBS: [&str; 9] = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const SUBJECTS: [(&str, &str); 3] = [("Group", "group"), ("ServiceAccount", "serviceAccount"), ("User", "user")];

pub fn check(rule: &Cursor<'_>, out: &mut ErrorList) {
    let (resources, others) = (rule.at("resourceRules"), rule.at("nonResourceRules"));
    if resources.value.is_empty() && others.value.is_empty() {
        let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
        out.push(FieldError::required(&rule.path, why));
    }
    rule.at("subjects").items().for_each(|subject| self::subject(&subject, out));
    resources.items().for_each(|resource| about_resources(&resource, out));
    others.items().for_each(|other| about_paths(&other, out));
}

/// A subject is of one kind, and says what that kind asks for.
fn subject(at: &Cursor<'_>, out: &mut ErrorList) {
    let kind = at.at("kind");
    if !SUBJECTS.iter().any(|(known, _)| *known == kind.str()) {
        return out.push(FieldError::not_supported(&kind.path, kind.str(), SUBJECTS.map(|(known, _)| known)));
    }
    for (known, field) in SUBJECTS {
        let part = at.at(field);
        match (known == kind.str(), part.is_null()) {
            (true, true) => {
                let why = format!("{field} is required when subject kind is '{known}'");
                out.push(FieldError::required(&part.path, why));
            }
            (false, false) => {
                check::forbidden(&part.path, &format!("{field} is forbidden when subject kind is not '{known}'"), out);
            }
            _ => {}
        }
    }
    if kind.str() == "ServiceAccount" {
        at.at("serviceAccount").present().iter().for_each(|account| self::account(account, out));
    }
}

fn account(at: &Cursor<'_>, out: &mut ErrorList) {
    let (name, namespace) = (at.at("name"), at.at("namespace"));
    if check::required(&name, "", out) && name.str() != "*" {
        check::text(&name, names::dns_subdomain(name.str()), out);
    }
    if check::required(&namespace, "must specify namespace for service account", out) {
        check::text(&namespace, names::dns_label(namespace.str()), out);
    }
}

/// Whether a star stands in a list; it stands alone there.
fn star(list: &Cursor<'_>, others: &str, out: &mut ErrorList) -> bool {
    let found = list.items().any(|item| item.str() == "*");
    if found && list.items().count() > 1 {
        check::invalid(list, format!("if '*' is present, must not specify other {others}"), out);
    }
    found
}

fn verbs(list: &Cursor<'_>, out: &mut ErrorList) {
    if !star(list, "verbs", out) && !list.items().all(|verb| VERBS.contains(&verb.str())) {
        out.push(FieldError::not_supported(&list.path, list.value.clone(), VERBS));
    }
}

fn about_resources(rule: &Cursor<'_>, out: &mut ErrorList) {
    verbs(&rule.at("verbs"), out);
    star(&rule.at("apiGroups"), "api groups", out);
    star(&rule.at("resources"), "resources", out);
    let namespaces = rule.at("namespaces");
    if namespaces.value.is_empty() && !rule.at("clusterScope").bool() {
        let why = "resource rules that are not cluster scoped must supply at least one namespace";
        out.push(FieldError::required(&namespaces.path, why));
    } else if !star(&namespaces, "namespaces", out) {
        for namespace in namespaces.items() {
            let complaints = names::dns_label(namespace.str()).into_iter();
            let told = complaints.map(|why| format!("each member of this list must be '*' or a DNS-1123 label; {why}"));
            check::text(&namespace, told.collect(), out);
        }
    }
}

fn about_paths(rule: &Cursor<'_>, out: &mut ErrorList) {
    verbs(&rule.at("verbs"), out);
    let paths = rule.at("nonResourceURLs");
    if !star(&paths, "non-resource URLs", out) {
        paths.items().for_each(|path| check::text(&path, self::path(path.str()), out));
    }
}

fn path(text: &str) -> Vec<String> {
    let stars = text.matches('*').count();
    let why = match text {
        "" => "must not be empty",
        "/" => return Vec::new(),
        _ if !text.starts_with('/') => "must start with slash",
        _ if text.contains(' ') => "must not contain white-space",
        _ if text.contains("//") => "must not contain double slash",
        _ if stars > 1 || (stars == 1 && !text.ends_with("/*")) => "wildcard can only do suffix matching",
        _ => return Vec::new(),
    };
    vec![why.into()]
}
