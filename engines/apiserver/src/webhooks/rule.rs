//! What a rule of a webhook or of an admission policy is about.

use meta::{Gvr, Value};

#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    operations: Vec<String>,
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    scope: String,
    names: Vec<String>,
}

/// A request as rules look at it.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub operation: &'a str,
    pub resource: &'a Gvr,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

impl Rule {
    pub fn of(value: &Value) -> Rule {
        let texts = |field: &str| value.items(field).iter().filter_map(Value::as_str).map(Into::into).collect();
        Rule {
            operations: texts("operations"),
            groups: texts("apiGroups"),
            versions: texts("apiVersions"),
            resources: texts("resources"),
            scope: value.str("scope").into(),
            names: texts("resourceNames"),
        }
    }

    pub fn holds(&self, at: &Place<'_>) -> bool {
        self.holds_scope(at)
            && one_of(&self.operations, at.operation)
            && one_of(&self.groups, &at.resource.group)
            && one_of(&self.versions, &at.resource.version)
            && self.resources.iter().any(|named| names_resource(named, at))
            && (self.names.is_empty() || self.names.iter().any(|name| name == at.name))
    }

    fn holds_scope(&self, at: &Place<'_>) -> bool {
        // A request about a namespace itself carries its name as namespace, and is still of the cluster.
        let namespaced = !at.namespace.is_empty() && at.resource.resource != "namespaces";
        match self.scope.as_str() {
            "Namespaced" => namespaced,
            "Cluster" => !namespaced,
            _ => true,
        }
    }
}

fn one_of(wanted: &[String], given: &str) -> bool {
    wanted.iter().any(|word| word == "*" || word == given)
}

fn names_resource(named: &str, at: &Place<'_>) -> bool {
    let (resource, subresource) = named.split_once('/').unwrap_or((named, ""));
    (resource == "*" || resource == at.resource.resource) && (subresource == "*" || subresource == at.subresource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn check(rule: &Value, place: (&str, &str, &str, &str), expect: bool) {
        let (operation, path, subresource, namespace) = place;
        let parts: Vec<&str> = path.split('/').collect();
        let resource = Gvr::new(parts[0], parts[1], parts[2]);
        let at = Place { operation, resource: &resource, subresource, namespace, name: "n" };
        assert_eq!(Rule::of(rule).holds(&at), expect, "{rule} {place:?}");
    }

    #[test]
    fn rules_hold() {
        let rule = |resources: &str, scope: &str| {
            value!({"operations": ["CREATE", "CONNECT"], "apiGroups": [""], "apiVersions": ["v1"],
                "resources": [resources], "scope": scope})
        };
        let (create, pods) = ("CREATE", "/v1/pods");
        check(&rule("pods", "*"), (create, pods, "", "d"), true);
        check(&rule("pods", "*"), ("UPDATE", pods, "", "d"), false);
        check(&rule("pods", "*"), (create, pods, "status", "d"), false);
        check(&rule("pods/*", "*"), (create, pods, "status", "d"), true);
        check(&rule("pods/attach", "*"), ("CONNECT", pods, "attach", "d"), true);
        check(&rule("*", "*"), (create, pods, "", "d"), true);
        check(&rule("*", "*"), (create, pods, "status", "d"), false);
        check(&rule("*/*", "*"), (create, pods, "status", "d"), true);
        check(&rule("*", "Cluster"), (create, pods, "", "d"), false);
        check(&rule("*", "Cluster"), (create, "/v1/nodes", "", ""), true);
        check(&rule("*", "Cluster"), (create, "/v1/namespaces", "", "d"), true);
        check(&rule("*", "Namespaced"), (create, "/v1/namespaces", "", "d"), false);
        check(&rule("*", "*"), (create, "apps/v1/deployments", "", "d"), false);
        check(&rule("*", "*"), (create, "/v2/pods", "", "d"), false);
    }
}
