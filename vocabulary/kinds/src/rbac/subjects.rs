//! Whom a binding names, by kind.

use crate::check as judge;
use meta::{Cursor, ErrorList, FieldError, Value, names};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Three cells: users, groups, service accounts.
pub fn cells(binding: &Value) -> [Value; 3] {
    let of = |kind: &str, word: fn(&Value) -> String| {
        let subjects = binding.items("subjects").iter().filter(|subject| subject.str("kind") == kind);
        Value::from(subjects.map(word).collect::<Vec<_>>().join(", "))
    };
    let name = |subject: &Value| subject.str("name").to_string();
    let account = |subject: &Value| match subject.str("namespace") {
        "" => subject.str("name").to_string(),
        namespace => format!("{namespace}/{}", subject.str("name")),
    };
    [of("User", name), of("Group", name), of("ServiceAccount", account)]
}

/// Users and groups belong to this API's group; service accounts to the core one.
pub fn default(binding: &mut Value) {
    let subjects = binding.at_mut("subjects").and_then(Value::as_list_mut);
    for subject in subjects.into_iter().flatten() {
        if ["User", "Group"].contains(&subject.str("kind")) && subject.str("apiGroup").is_empty() {
            subject.set("apiGroup", GROUP);
        }
    }
}

pub fn check(new: &Value, old: Option<&Value>, namespaced: bool, out: &mut ErrorList) {
    let at = Cursor::root(new);
    let kind = at.at("roleRef.kind");
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&kind.str()) {
        out.push(FieldError::not_supported(&kind.path, kind.str(), kinds.iter().copied()));
    }
    at.at("subjects").items().for_each(|subject| self::subject(&subject, namespaced, out));
    let reference = at.at("roleRef");
    if old.is_some_and(|old| old.get("roleRef") != reference.value) {
        out.push(FieldError::invalid(&reference.path, as_go_names_it(reference.value), "cannot change roleRef"));
    }
}

/// Upstream shows its internal type, whose fields have no JSON names.
fn as_go_names_it(reference: &Value) -> Value {
    let fields = [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")];
    Value::Map(fields.into_iter().map(|(go, json)| (go, reference.get(json).clone())).collect())
}

fn subject(at: &Cursor<'_>, namespaced: bool, out: &mut ErrorList) {
    let (kind, name, group) = (at.at("kind"), at.at("name"), at.at("apiGroup"));
    match kind.str() {
        "ServiceAccount" => {
            if !name.str().is_empty() {
                judge::text(&name, names::dns_subdomain(name.str()), out);
            }
            if !group.str().is_empty() {
                out.push(FieldError::not_supported(&group.path, group.str(), [""]));
            }
            if !namespaced && at.at("namespace").str().is_empty() {
                out.push(FieldError::required(&at.at("namespace").path, ""));
            }
        }
        "User" | "Group" if group.str() != GROUP => {
            out.push(FieldError::not_supported(&group.path, group.str(), [GROUP]));
        }
        "User" | "Group" => {}
        other => out.push(FieldError::not_supported(&kind.path, other, ["ServiceAccount", "User", "Group"])),
    }
}
