//! Roles and their bindings, of a namespace and of the cluster.

use super::Asker;
use super::page::Page;
use crate::discovery::with_group;
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn role(_asker: &Asker<'_, '_>, role: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", role.str("metadata.name"));
    page.metadata(role);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in compacted(role.items("rules")) {
        let name = if rule.name.is_empty() { "[]".to_string() } else { format!("[{}]", rule.name) };
        let path = if rule.path.is_empty() { "[]".to_string() } else { format!("[{}]", rule.path) };
        page.line(1, format!("{}\t{path}\t{name}\t[{}]", rule.resource, rule.verbs.join(" ")));
    }
    Ok(())
}

/// One resource, or one path, with all verbs for it.
#[derive(PartialEq)]
struct Rule {
    resource: String,
    path: String,
    name: String,
    verbs: Vec<String>,
}

fn compacted(rules: &[Value]) -> Vec<Rule> {
    let mut compact: Vec<Rule> = Vec::new();
    for rule in rules {
        let verbs: Vec<String> = strings(rule, "verbs");
        for (resource, path, name) in broken_down(rule) {
            match compact.iter_mut().find(|one| one.resource == resource && one.path == path && one.name == name) {
                Some(known) => known.verbs.extend(verbs.iter().cloned()),
                None => compact.push(Rule { resource, path, name, verbs: verbs.clone() }),
            }
        }
    }
    compact.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    compact
}

/// Upstream compares the texts of the rules.
fn sort_key(rule: &Rule) -> (String, String, String) {
    (rule.resource.clone(), rule.name.clone(), rule.path.clone())
}

fn strings(rule: &Value, field: &str) -> Vec<String> {
    rule.items(field).iter().map(go::sprint).collect()
}

fn broken_down(rule: &Value) -> Vec<(String, String, String)> {
    let mut parts = Vec::new();
    let names = match strings(rule, "resourceNames") {
        names if names.is_empty() => vec![String::new()],
        names => names,
    };
    for group in strings(rule, "apiGroups") {
        for resource in strings(rule, "resources") {
            let (plural, sub) = resource.split_once('/').map_or((resource.as_str(), None), |(plural, sub)| (plural, Some(sub)));
            let word = with_group(plural, &group);
            let word = sub.map_or(word.clone(), |sub| format!("{word}/{sub}"));
            parts.extend(names.iter().map(|name| (word.clone(), String::new(), name.clone())));
        }
    }
    parts.extend(strings(rule, "nonResourceURLs").into_iter().map(|path| (String::new(), path, String::new())));
    parts
}

pub fn binding(_asker: &Asker<'_, '_>, binding: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", binding.str("metadata.name"));
    page.metadata(binding);
    page.line(0, "Role:");
    page.field(1, "Kind", binding.str("roleRef.kind"));
    page.field(1, "Name", binding.str("roleRef.name"));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in binding.items("subjects") {
        page.line(1, format!("{}\t{}\t{}", subject.str("kind"), subject.str("name"), subject.str("namespace")));
    }
    Ok(())
}
