//! Rules of access taken apart and put together as upstream lists them: one resource, or one path, a line.

use crate::discovery::with_group;
use crate::go;
use meta::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    verbs: Vec<String>,
    group: Option<String>,
    resource: Option<String>,
    name: Option<String>,
    path: Option<String>,
}

/// All rules, those for the same resource in one, sorted by how Go writes them.
pub fn compact(rules: &[Value]) -> Vec<Rule> {
    let mut compact: Vec<Rule> = Vec::new();
    for part in rules.iter().flat_map(parts) {
        let same = |one: &&mut Rule| {
            part.resource.is_some()
                && (&one.group, &one.resource, &one.name) == (&part.group, &part.resource, &part.name)
        };
        match compact.iter_mut().find(same) {
            Some(known) => known.verbs.extend(part.verbs),
            None => compact.push(part),
        }
    }
    compact.sort_by_key(Rule::written);
    compact
}

fn strings(rule: &Value, field: &str) -> Vec<String> {
    rule.items(field).iter().map(go::sprint).collect()
}

fn parts(rule: &Value) -> Vec<Rule> {
    let verbs = strings(rule, "verbs");
    let names: Vec<Option<String>> = match strings(rule, "resourceNames") {
        names if names.is_empty() => vec![None],
        names => names.into_iter().map(Some).collect(),
    };
    let mut parts = Vec::new();
    for group in strings(rule, "apiGroups") {
        for resource in strings(rule, "resources") {
            parts.extend(names.iter().map(|name| Rule {
                verbs: verbs.clone(),
                group: Some(group.clone()),
                resource: Some(resource.clone()),
                name: name.clone(),
                path: None,
            }));
        }
    }
    let path = |path| Rule { verbs: verbs.clone(), group: None, resource: None, name: None, path: Some(path) };
    parts.extend(strings(rule, "nonResourceURLs").into_iter().map(path));
    parts
}

impl Rule {
    fn written(&self) -> String {
        let list = |one: &Option<String>| one.clone().unwrap_or_default();
        format!(
            "Verbs:[{}],APIGroups:[{}],Resources:[{}],ResourceNames:[{}],NonResourceURLs:[{}],",
            self.verbs.join(" "),
            list(&self.group),
            list(&self.resource),
            list(&self.name),
            list(&self.path)
        )
    }

    /// The cells of its line: resource, paths, names, verbs.
    pub fn cells(&self) -> String {
        let list = |one: &Option<String>| format!("[{}]", one.as_deref().unwrap_or(""));
        let resource = self.resource.as_deref().unwrap_or("");
        let (plural, sub) =
            resource.split_once('/').map_or((resource, String::new()), |(plural, sub)| (plural, format!("/{sub}")));
        let word = format!("{}{sub}", with_group(plural, self.group.as_deref().unwrap_or("")));
        format!("{word}\t{}\t{}\t[{}]", list(&self.path), list(&self.name), self.verbs.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn rules_are_listed_by_resource() {
        let rules = [
            value!({"verbs": ["get"], "apiGroups": ["", "apps"], "resources": ["pods/log"]}),
            value!({"verbs": ["list"], "apiGroups": [""], "resources": ["pods/log"]}),
            value!({"verbs": ["get"], "nonResourceURLs": ["/b", "/a"]}),
        ];
        let lines: Vec<String> = compact(&rules).iter().map(Rule::cells).collect();
        assert_eq!(
            lines,
            ["pods/log\t[]\t[]\t[get list]", "\t[/a]\t[]\t[get]", "\t[/b]\t[]\t[get]", "pods.apps/log\t[]\t[]\t[get]"]
        );
    }
}
