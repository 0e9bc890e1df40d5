//! What the server serves, and which resource a word means.

use crate::failure::Failure;
use crate::wire::{Door, Request};
use meta::Value;
use std::rc::Rc;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub singular: String,
    pub kind: String,
    pub namespaced: bool,
    pub short: Vec<String>,
    pub categories: Vec<String>,
    pub verbs: Vec<String>,
    pub subresources: Vec<String>,
}

/// All resources, groups in the server's order, of each group its preferred version first.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    pub resources: Vec<Rc<Resource>>,
    /// `apps/v1`, in the same order.
    pub versions: Vec<String>,
}

impl Resource {
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`
    pub fn qualified(&self) -> String {
        with_group(&self.plural, &self.group)
    }

    /// `deployment.apps`, as messages name it.
    pub fn word(&self) -> String {
        with_group(&self.kind.to_lowercase(), &self.group)
    }

    /// The path of the collection in a namespace (or in all, when that is empty).
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api".to_string() } else { format!("/apis/{}", self.group) };
        match namespace {
            namespace if self.namespaced && !namespace.is_empty() => {
                format!("{root}/{}/namespaces/{namespace}/{}", self.version, self.plural)
            }
            _ => format!("{root}/{}/{}", self.version, self.plural),
        }
    }

    pub fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }

    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

pub fn with_group(word: &str, group: &str) -> String {
    if group.is_empty() { word.to_string() } else { format!("{word}.{group}") }
}

impl Discovery {
    pub fn ask(door: &Door) -> Result<Discovery, Failure> {
        let mut discovery = Discovery::default();
        for path in ["/api", "/apis"] {
            let answer = door.call(Request::get(path).accept(AGGREGATED))?;
            for group in answer.items("items") {
                discovery.add_group(group);
            }
        }
        Ok(discovery)
    }

    fn add_group(&mut self, group: &Value) {
        let name = group.str("metadata.name");
        for version in group.items("versions") {
            let word = version.str("version");
            self.versions.push(if name.is_empty() { word.to_string() } else { format!("{name}/{word}") });
            let resources = version.items("resources").iter();
            self.resources.extend(resources.map(|resource| Rc::new(read(name, word, resource))));
        }
    }

    /// The resource that an argument (`po`, `deployments.apps`, `Deployment.v1.apps`) means.
    pub fn find(&self, argument: &str) -> Result<Rc<Resource>, Failure> {
        let mut parts = argument.splitn(3, '.');
        let exact = match (parts.next(), parts.next(), parts.next()) {
            (Some(word), Some(version), Some(group)) => self.named(word, Some(version), group),
            _ => None,
        };
        let (word, group) = argument.split_once('.').unwrap_or((argument, ""));
        let found = exact.or_else(|| self.named(word, None, group));
        found.ok_or_else(|| Failure::text(format!("the server doesn't have a resource type {}", meta::quote(word))))
    }

    fn named(&self, word: &str, version: Option<&str>, group: &str) -> Option<Rc<Resource>> {
        let word = word.to_lowercase();
        let served = |resource: &&Rc<Resource>| version.is_none_or(|version| resource.version == version);
        let within = |whole: bool| {
            move |resource: &&Rc<Resource>| match whole {
                true => group.is_empty() || resource.group == group,
                false => resource.group.starts_with(group),
            }
        };
        let names: [fn(&Resource, &str) -> bool; 2] = [
            |resource, word| resource.short.iter().any(|short| short == word),
            |resource, word| {
                resource.plural == word || resource.singular == word || resource.kind.to_lowercase() == word
            },
        ];
        let mut tries = [true, false].into_iter().flat_map(|whole| names.iter().rev().map(move |fits| (whole, fits)));
        tries.find_map(|(whole, fits)| {
            let mut candidates = self.resources.iter().filter(served).filter(within(whole));
            candidates.find(|resource| fits(resource, &word)).cloned()
        })
    }

    /// The resource of an object.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Rc<Resource>> {
        self.resources.iter().find(|resource| resource.kind == kind && resource.api_version() == api_version).cloned()
    }

    /// The resources of a category such as `all`.
    pub fn category(&self, word: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for resource in self.resources.iter().filter(|resource| resource.categories.iter().any(|name| name == word)) {
            if !found.contains(&resource.qualified()) {
                found.push(resource.qualified());
            }
        }
        found
    }
}

fn read(group: &str, version: &str, resource: &Value) -> Resource {
    let words = |path: &str| resource.items(path).iter().filter_map(Value::as_str).map(str::to_string).collect();
    Resource {
        group: group.into(),
        version: version.into(),
        plural: resource.str("resource").into(),
        singular: resource.str("singularResource").into(),
        kind: resource.str("responseKind.kind").into(),
        namespaced: resource.str("scope") == "Namespaced",
        short: words("shortNames"),
        categories: words("categories"),
        verbs: words("verbs"),
        subresources: resource.items("subresources").iter().map(|sub| sub.str("subresource").to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Discovery {
        let resource = |group: &str, version: &str, plural: &str, kind: &str, short: &[&str]| {
            Rc::new(Resource {
                group: group.into(),
                version: version.into(),
                plural: plural.into(),
                singular: kind.to_lowercase(),
                kind: kind.into(),
                namespaced: true,
                short: short.iter().map(ToString::to_string).collect(),
                ..Resource::default()
            })
        };
        let resources = vec![
            resource("", "v1", "pods", "Pod", &["po"]),
            resource("", "v1", "events", "Event", &["ev"]),
            resource("apps", "v1", "deployments", "Deployment", &["deploy"]),
            resource("events.k8s.io", "v1", "events", "Event", &["ev"]),
        ];
        Discovery { resources, versions: Vec::new() }
    }

    #[test]
    fn words_find_their_resource() {
        for (word, expect) in [
            ("po", "pods"),
            ("Pod", "pods"),
            ("deploy", "deployments.apps"),
            ("deployments.apps", "deployments.apps"),
            ("deployment.v1.apps", "deployments.apps"),
            ("deployments.ap", "deployments.apps"),
            ("ev", "events"),
            ("events.events.k8s.io", "events.events.k8s.io"),
        ] {
            assert_eq!(served().find(word).expect(word).qualified(), expect, "{word}");
        }
        let missing = served().find("foo.bar").expect_err("no such thing");
        assert_eq!(missing.to_string(), "the server doesn't have a resource type \"foo\"");
    }
}
