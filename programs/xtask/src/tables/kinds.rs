//! The kinds: discovery's answer, and where upstream's etcd keeps each one.

use crate::Failure;
use crate::upstream::{JSON, Upstream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Every served version of a group, the preferred one first, with what discovery says of each.
pub struct Group {
    pub name: String,
    pub versions: Vec<(String, Value)>,
    /// What a client of a resource in a version is warned of.
    pub deprecated: Vec<(String, String, String)>,
}

impl Group {
    pub fn address(&self, version: &str) -> String {
        if self.name.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", self.name) }
    }

    /// The resources (without their subresources) of any version, in order of name.
    pub fn resources(&self) -> BTreeMap<&str, &Value> {
        let all = self.versions.iter().rev().flat_map(|(_, discovery)| resources(discovery));
        all.filter(|(name, _)| !name.contains('/')).collect()
    }
}

pub fn resources(discovery: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = discovery["resources"].as_array().into_iter().flatten();
    all.map(|resource| (resource["name"].as_str().unwrap_or_default(), resource))
}

pub fn read(upstream: &Upstream) -> Result<Vec<Group>, Failure> {
    let core =
        Group { name: String::new(), versions: vec![("v1".into(), upstream.get("/api/v1")?)], deprecated: Vec::new() };
    let mut groups = vec![core];
    let answer = upstream.get("/apis")?;
    for group in answer["groups"].as_array().into_iter().flatten() {
        let name = group["name"].as_str().unwrap_or_default().to_string();
        let mut versions = Vec::new();
        for version in group["versions"].as_array().into_iter().flatten() {
            let version = version["version"].as_str().unwrap_or_default();
            versions.push((version.to_string(), upstream.get(&format!("/apis/{name}/{version}"))?));
        }
        groups.push(Group { name, versions, deprecated: Vec::new() });
    }
    for group in &mut groups {
        group.deprecated = deprecated(upstream, group)?;
    }
    Ok(groups)
}

fn deprecated(upstream: &Upstream, group: &Group) -> Result<Vec<(String, String, String)>, Failure> {
    let mut found = Vec::new();
    for (version, discovery) in &group.versions {
        for (name, resource) in resources(discovery).filter(|(name, _)| !name.contains('/')) {
            if !list(resource, "verbs").contains("list") {
                continue;
            }
            let answer = upstream.ask("GET", &format!("{}/{name}?limit=1", group.address(version)), JSON, None)?;
            found.extend(answer.warnings.into_iter().map(|text| (name.to_string(), version.clone(), text)));
        }
    }
    Ok(found)
}

/// Prefixes that are not simply the resource's name; `record` proves them all against etcd's keys.
pub fn storage_prefix(group: &str, resource: &str) -> String {
    match (group, resource) {
        ("", "endpoints") => "services/endpoints".into(),
        ("", "services") => "services/specs".into(),
        ("", "nodes") => "minions".into(),
        ("", "replicationcontrollers") => "controllers".into(),
        ("networking.k8s.io", "ingresses") => "ingress".into(),
        ("apiextensions.k8s.io" | "apiregistration.k8s.io", _) => format!("{group}/{resource}"),
        _ => resource.into(),
    }
}

pub fn write(groups: &[Group]) -> String {
    let mut text = String::new();
    for group in groups {
        let versions: Vec<&str> = group.versions.iter().map(|(version, _)| version.as_str()).collect();
        let name = if group.name.is_empty() { "core" } else { &group.name };
        writeln!(text, "group {name} {}", versions.join(" ")).expect("writing to a string");
        for (name, resource) in group.resources() {
            write_kind(&mut text, group, name, resource);
        }
        text.push('\n');
    }
    text.trim_end().to_string() + "\n"
}

fn write_kind(text: &mut String, group: &Group, name: &str, resource: &Value) {
    let word = |field: &str| resource[field].as_str().unwrap_or_default();
    let scope = if resource["namespaced"] == true { "namespaced" } else { "cluster" };
    let mut line = format!("  kind {} {name} {} {scope}", word("kind"), word("singularName"));
    for (flag, field) in [("short", "shortNames"), ("categories", "categories")] {
        let words = list(resource, field);
        if !words.is_empty() {
            write!(line, " {flag}={words}").expect("writing to a string");
        }
    }
    let stored = list(resource, "verbs").contains("get") && name != "componentstatuses";
    if stored {
        write!(line, " store={}", storage_prefix(&group.name, name)).expect("writing to a string");
    }
    writeln!(text, "{line}\n    verbs {}", list(resource, "verbs")).expect("writing to a string");
    for (_, version, text_of) in group.deprecated.iter().filter(|(plural, ..)| plural == name) {
        writeln!(text, "    deprecated {version} {text_of}").expect("writing to a string");
    }
    for (sub, resource) in subresources(group, name) {
        let group = resource["group"].as_str().map(|g| format!("{g}/")).unwrap_or_default();
        let version = resource["version"].as_str().map(|v| format!("{v}/")).unwrap_or_default();
        let kind = resource["kind"].as_str().unwrap_or_default();
        writeln!(text, "    sub {sub:<20} {group}{version}{kind:<24} {}", list(resource, "verbs"))
            .expect("writing to a string");
    }
}

fn subresources<'g>(group: &'g Group, of: &str) -> BTreeMap<&'g str, &'g Value> {
    let all = group.versions.iter().flat_map(|(_, discovery)| resources(discovery));
    all.filter_map(|(name, resource)| {
        name.split_once('/').filter(|(parent, _)| *parent == of).map(|(_, sub)| (sub, resource))
    })
    .collect()
}

fn list(resource: &Value, field: &str) -> String {
    let words = resource[field].as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(",")
}
