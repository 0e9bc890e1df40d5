//! Whom a binding names, by kind.

use meta::Value;

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
            subject.set("apiGroup", "rbac.authorization.k8s.io");
        }
    }
}
