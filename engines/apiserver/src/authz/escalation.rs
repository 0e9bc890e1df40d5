//! Which rights of a list somebody does not hold, in upstream's words.

use super::Rule;
use meta::CompactString;
use std::fmt;

/// What of `wanted` no rule of `held` covers: one rule for each group, resource and name, with the verbs that are missing.
pub fn missing_rights(held: &[&Rule], wanted: &[Rule]) -> Vec<Rule> {
    let parts = wanted.iter().flat_map(parts_of);
    let mut missing: Vec<Rule> = Vec::new();
    for part in parts.filter(|part| !held.iter().any(|own| own.covers(part))) {
        let same = |other: &&mut Rule| {
            part.paths.is_empty()
                && (&other.groups, &other.resources, &other.names) == (&part.groups, &part.resources, &part.names)
        };
        match missing.iter_mut().find(same) {
            Some(other) => other.verbs.extend(part.verbs),
            None => missing.push(part),
        }
    }
    missing
}

/// A rule as rules of one verb, one resource and at most one name each.
fn parts_of(rule: &Rule) -> Vec<Rule> {
    let names: Vec<Vec<CompactString>> = match rule.names.is_empty() {
        true => vec![Vec::new()],
        false => rule.names.iter().map(|name| vec![name.clone()]).collect(),
    };
    let mut parts = Vec::new();
    for (group, resource) in pairs(&rule.groups, &rule.resources) {
        for (verb, names) in pairs(&rule.verbs, &names) {
            let (verbs, groups, resources) = (vec![verb.clone()], vec![group.clone()], vec![resource.clone()]);
            parts.push(Rule { verbs, groups, resources, names: names.clone(), ..Rule::default() });
        }
    }
    for (path, verb) in pairs(&rule.paths, &rule.verbs) {
        parts.push(Rule { verbs: vec![verb.clone()], paths: vec![path.clone()], ..Rule::default() });
    }
    parts
}

fn pairs<'a, A, B>(one: &'a [A], other: &'a [B]) -> impl Iterator<Item = (&'a A, &'a B)> {
    one.iter().flat_map(move |a| other.iter().map(move |b| (a, b)))
}

impl Rule {
    fn of_star() -> Vec<CompactString> {
        vec!["*".into()]
    }

    /// All verbs on all resources.
    pub fn everything() -> Rule {
        Rule { verbs: Rule::of_star(), groups: Rule::of_star(), resources: Rule::of_star(), ..Rule::default() }
    }

    /// All verbs on everything that is no resource.
    pub fn every_path() -> Rule {
        Rule { verbs: Rule::of_star(), paths: Rule::of_star(), ..Rule::default() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            ("APIGroups", &self.groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.paths),
            ("ResourceNames", &self.names),
            ("Verbs", &self.verbs),
        ];
        let shown = fields.iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| {
            let quoted: Vec<String> = list.iter().map(|item| format!("{item:?}")).collect();
            format!("{name}:[{}]", quoted.join(" "))
        });
        write!(f, "{{{}}}", shown.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<CompactString> {
        text.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect()
    }

    fn rule(verbs: &str, groups: &str, resources: &str, names: &str) -> Rule {
        Rule { verbs: list(verbs), groups: list(groups), resources: list(resources), names: list(names), paths: vec![] }
    }

    #[test]
    fn what_is_missing_is_told() {
        let held = rule("get list", "apps", "deployments", "");
        for (wanted, expect) in [
            (rule("get", "apps", "deployments", ""), vec![]),
            (rule("get", "apps", "deployments", "one"), vec![]),
            (
                rule("get watch delete", "apps", "deployments", ""),
                vec![r#"{APIGroups:["apps"], Resources:["deployments"], Verbs:["watch" "delete"]}"#],
            ),
            (
                rule("get", "apps", "pods", "a"),
                vec![r#"{APIGroups:["apps"], Resources:["pods"], ResourceNames:["a"], Verbs:["get"]}"#],
            ),
            (Rule::every_path(), vec![r#"{NonResourceURLs:["*"], Verbs:["*"]}"#]),
        ] {
            let missing: Vec<String> =
                missing_rights(&[&held], std::slice::from_ref(&wanted)).iter().map(ToString::to_string).collect();
            assert_eq!(missing, expect, "{wanted:?}");
        }
        assert!(missing_rights(&[&Rule::everything()], &[rule("x", "y", "z", "")]).is_empty());
    }
}
