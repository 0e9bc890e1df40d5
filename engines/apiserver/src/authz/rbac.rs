//! RBAC: roles and bindings compiled into an index by subject, made anew when one of the four kinds has changed.

use super::{Attributes, Decision};
use crate::hub::KindHub;
use crate::identity::Identity;
use meta::selector::LabelSelector;
use meta::{CompactString, Key, Object, Value};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    pub verbs: Vec<CompactString>,
    pub groups: Vec<CompactString>,
    pub resources: Vec<CompactString>,
    pub names: Vec<CompactString>,
    pub paths: Vec<CompactString>,
}

/// A subject's rules with the words that explain where they come from.
#[derive(Clone, Debug)]
pub struct Ruling {
    pub rules: Arc<Vec<Rule>>,
    pub origin: Arc<str>,
}

#[derive(Default)]
struct Index {
    /// None before the first compilation: after a start nothing has changed yet, and there is all to read.
    versions: Option<[u64; 4]>,
    cluster: HashMap<CompactString, Vec<Ruling>>,
    namespaces: HashMap<CompactString, HashMap<CompactString, Vec<Ruling>>>,
    /// What nodes may do beyond their own: they are bound to it by nature, not by a binding.
    node: Arc<Vec<Rule>>,
}

impl Index {
    fn rulings(&self, identity: &Identity, namespace: &str) -> impl Iterator<Item = &Ruling> {
        let local = self.namespaces.get(namespace);
        subjects(identity).flat_map(move |subject| {
            let bound = [self.cluster.get(&*subject), local.and_then(|local| local.get(&*subject))];
            bound.into_iter().flatten().flatten()
        })
    }
}

pub struct Rbac {
    cluster_roles: Arc<KindHub>,
    roles: Arc<KindHub>,
    cluster_bindings: Arc<KindHub>,
    bindings: Arc<KindHub>,
    index: RwLock<Arc<Index>>,
}

impl Rbac {
    pub fn new(
        cluster_roles: Arc<KindHub>,
        roles: Arc<KindHub>,
        cluster_bindings: Arc<KindHub>,
        bindings: Arc<KindHub>,
    ) -> Rbac {
        Rbac { cluster_roles, roles, cluster_bindings, bindings, index: RwLock::default() }
    }

    pub fn decide(&self, identity: &Identity, attributes: &Attributes<'_>) -> Decision {
        let resource = attributes.full_resource();
        let granting = |ruling: &&Ruling| ruling.rules.iter().any(|rule| rule.grants(attributes, &resource));
        match self.current().rulings(identity, attributes.namespace).find(granting) {
            Some(ruling) => Decision::Allow(format!("RBAC: allowed by {}", ruling.origin)),
            None => Decision::NoOpinion(String::new()),
        }
    }

    /// All rules that a user has in a namespace, cluster-wide ones included.
    pub fn rulings(&self, identity: &Identity, namespace: &str) -> Vec<Ruling> {
        self.current().rulings(identity, namespace).cloned().collect()
    }

    /// The rules of every node.
    pub fn node_rules(&self) -> Arc<Vec<Rule>> {
        self.current().node.clone()
    }

    /// The rules behind a reference to a role, as a binding in `namespace` sees it.
    pub fn role_rules(&self, kind: &str, namespace: &str, name: &str) -> Option<Vec<Rule>> {
        let object = match kind {
            "ClusterRole" => self.cluster_roles.get(&Key::cluster(name)),
            _ => self.roles.get(&Key::new(namespace, name)),
        };
        object.map(|object| rules_of(&object.decode_value()))
    }

    fn current(&self) -> Arc<Index> {
        let versions = [&self.cluster_roles, &self.roles, &self.cluster_bindings, &self.bindings].map(|h| h.version());
        {
            let index = self.index.read().expect("no holder of this lock panics");
            if index.versions == Some(versions) {
                return index.clone();
            }
        }
        let made = Arc::new(self.compile(versions));
        *self.index.write().expect("no holder of this lock panics") = made.clone();
        made
    }

    fn compile(&self, versions: [u64; 4]) -> Index {
        let mut index = Index { versions: Some(versions), ..Index::default() };
        index.node = Arc::new(self.role_rules("ClusterRole", "", "system:node").unwrap_or_default());
        let everything = LabelSelector::everything();
        for binding in self.cluster_bindings.list("", &everything).objects {
            self.add("ClusterRoleBinding", &binding, &mut index.cluster);
        }
        for binding in self.bindings.list("", &everything).objects {
            let local = index.namespaces.entry(binding.header.namespace.clone()).or_default();
            self.add("RoleBinding", &binding, local);
        }
        index
    }

    fn add(&self, kind: &str, binding: &Object, into: &mut HashMap<CompactString, Vec<Ruling>>) {
        let value = binding.decode_value();
        let (role_kind, role) = (value.str("roleRef.kind"), value.str("roleRef.name"));
        let Some(rules) = self.role_rules(role_kind, &binding.header.namespace, role) else { return };
        let rules = Arc::new(rules);
        for subject in value.items("subjects") {
            let origin = origin(kind, &binding.key(), role_kind, role, subject);
            let ruling = Ruling { rules: rules.clone(), origin: origin.into() };
            into.entry(subject_key(subject, &binding.header.namespace)).or_default().push(ruling);
        }
    }
}

fn origin(kind: &str, binding: &Key, role_kind: &str, role: &str, subject: &Value) -> String {
    let who = match subject.str("kind") {
        "ServiceAccount" => format!("ServiceAccount \"{}/{}\"", subject.str("name"), subject.str("namespace")),
        kind => format!("{kind} {:?}", subject.str("name")),
    };
    format!("{kind} \"{binding}\" of {role_kind} {role:?} to {who}")
}

fn subject_key(subject: &Value, namespace: &str) -> CompactString {
    let name = subject.str("name");
    match subject.str("kind") {
        "Group" => format!("g:{name}").into(),
        "ServiceAccount" => {
            let own = subject.str("namespace");
            let namespace = if own.is_empty() { namespace } else { own };
            format!("u:system:serviceaccount:{namespace}:{name}").into()
        }
        _ => format!("u:{name}").into(),
    }
}

fn subjects(identity: &Identity) -> impl Iterator<Item = String> {
    let groups = identity.groups.iter().map(|group| format!("g:{group}"));
    std::iter::once(format!("u:{}", identity.name)).chain(groups)
}

pub fn rules_of(role: &Value) -> Vec<Rule> {
    let texts =
        |value: &Value| value.as_list().unwrap_or(&[]).iter().filter_map(Value::as_str).map(Into::into).collect();
    let rule = |rule: &Value| Rule {
        verbs: texts(rule.get("verbs")),
        groups: texts(rule.get("apiGroups")),
        resources: texts(rule.get("resources")),
        names: texts(rule.get("resourceNames")),
        paths: texts(rule.get("nonResourceURLs")),
    };
    role.items("rules").iter().map(rule).collect()
}

impl Rule {
    pub fn grants(&self, attributes: &Attributes<'_>, resource: &str) -> bool {
        let any = |list: &[CompactString], wanted: &str| list.iter().any(|own| own == "*" || own == wanted);
        if !any(&self.verbs, attributes.verb) {
            return false;
        }
        match attributes.path {
            Some(path) => self.paths.iter().any(|own| path_matches(own, path)),
            None => {
                any(&self.groups, attributes.group)
                    && self.resources.iter().any(|own| resource_matches(own, resource, attributes.subresource))
                    && (self.names.is_empty() || self.names.iter().any(|name| name == attributes.name))
            }
        }
    }

    /// Whether this one rule allows all that a rule of one verb, group, resource and name asks for.
    pub fn covers(&self, asked: &Rule) -> bool {
        let all = |own: &[CompactString], asked: &[CompactString]| {
            own.iter().any(|own| own == "*") || asked.iter().all(|asked| own.contains(asked))
        };
        let resources = asked.resources.iter().all(|asked| {
            let subresource = asked.split_once('/').map_or("", |(_, sub)| sub);
            self.resources.iter().any(|own| resource_matches(own, asked, subresource))
        });
        let names =
            self.names.is_empty() || (!asked.names.is_empty() && asked.names.iter().all(|n| self.names.contains(n)));
        let paths = asked.paths.iter().all(|asked| self.paths.iter().any(|own| path_covers(own, asked)));
        all(&self.verbs, &asked.verbs) && all(&self.groups, &asked.groups) && resources && names && paths
    }
}

fn path_matches(own: &str, path: &str) -> bool {
    own == "*"
        || own == path
        || own.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix.trim_end_matches('*')))
}

fn path_covers(own: &str, asked: &str) -> bool {
    own == asked || own.strip_suffix('*').is_some_and(|prefix| asked.trim_end_matches('*').starts_with(prefix))
}

fn resource_matches(own: &str, resource: &str, subresource: &str) -> bool {
    own == "*" || own == resource || (!subresource.is_empty() && own.strip_prefix("*/") == Some(subresource))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<CompactString> {
        text.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect()
    }

    fn rule(verbs: &str, groups: &str, resources: &str, names: &str, paths: &str) -> Rule {
        Rule {
            verbs: list(verbs),
            groups: list(groups),
            resources: list(resources),
            names: list(names),
            paths: list(paths),
        }
    }

    #[test]
    fn rules_grant() {
        let asks = |verb, resource, subresource, name| Attributes {
            verb,
            resource,
            subresource,
            name,
            ..Attributes::default()
        };
        let core = |verbs, resources, names| Rule { groups: vec!["".into()], ..rule(verbs, "", resources, names, "") };
        for (rule, asked, expect) in [
            (core("get list", "pods", ""), asks("get", "pods", "", "a"), true),
            (core("get", "pods", ""), asks("get", "pods", "log", "a"), false),
            (core("get", "pods/log", ""), asks("get", "pods", "log", "a"), true),
            (core("get", "*/log", ""), asks("get", "pods", "log", "a"), true),
            (core("*", "*", ""), asks("delete", "pods", "status", "a"), true),
            (core("get", "pods", "b"), asks("get", "pods", "", "a"), false),
            (core("get", "pods", "b"), asks("list", "pods", "", ""), false),
            (rule("get", "apps", "pods", "", ""), asks("get", "pods", "", ""), false),
            (rule("get", "", "", "", "/api/*"), Attributes::of_path("get", "/api/v1"), true),
            (rule("get", "", "", "", "/healthz"), Attributes::of_path("get", "/healthz/x"), false),
        ] {
            assert_eq!(rule.grants(&asked, &asked.full_resource()), expect, "{rule:?} {asked:?}");
        }
    }

    #[test]
    fn a_rule_covers_what_it_contains() {
        let wide = rule("get list", "*", "pods */status", "", "/a/*");
        for (asked, expect) in [
            (rule("get", "apps", "pods", "", ""), true),
            (rule("get", "apps", "deployments/status", "x", ""), true),
            (rule("watch", "apps", "pods", "", ""), false),
            (rule("get", "", "", "", "/a/b/*"), true),
            (rule("get", "", "", "", "/b"), false),
        ] {
            assert_eq!(wide.covers(&asked), expect, "{asked:?}");
        }
    }
}
