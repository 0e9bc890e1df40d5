//! What discovery says of each kind: names, scope, versions, verbs, subresources.

use super::KINDS;
use crate::{Names, Scale, Scope, Subresource, Verb};
use meta::{CompactString, Gvk};

/// A kind as the table of facts has it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Empty for the core group.
    pub group: &'static str,
    /// The preferred one first.
    pub versions: Vec<&'static str>,
    pub names: Names,
    pub scope: Scope,
    pub verbs: Vec<Verb>,
    pub subresources: Vec<Subresource>,
    /// What a client of a version is warned of.
    pub deprecated: Vec<(&'static str, &'static str)>,
    /// Where the store keeps its objects; none for kinds that are only answered.
    pub store: Option<&'static str>,
}

/// All kinds in discovery's order.
pub fn facts() -> Vec<Fact> {
    let mut group = ("", Vec::new());
    let mut facts: Vec<Fact> = Vec::new();
    for line in KINDS.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), facts.last_mut()) {
            (Some("group"), _) => {
                let name = words.next().unwrap_or_default();
                group = (if name == "core" { "" } else { name }, words.collect());
            }
            (Some("kind"), _) => facts.push(kind(group.0, &group.1, words)),
            (Some("verbs"), Some(fact)) => fact.verbs = verbs(words.next().unwrap_or_default()),
            (Some("deprecated"), Some(fact)) => {
                let told = line.trim_start().strip_prefix("deprecated ").and_then(|rest| rest.split_once(' '));
                fact.deprecated.extend(told);
            }
            (Some("sub"), Some(fact)) => fact.subresources.push(subresource(fact, words)),
            _ => {}
        }
    }
    facts
}

fn kind(group: &'static str, versions: &[&'static str], mut words: impl Iterator<Item = &'static str>) -> Fact {
    let mut next = || words.next().unwrap_or_default();
    let (kind, plural, singular, scope) = (next(), next(), next(), next());
    let mut names = Names {
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        plural: plural.into(),
        singular: singular.into(),
        ..Names::default()
    };
    let mut store = None;
    for word in words {
        match word.split_once('=') {
            Some(("short", list)) => names.short = list.split(',').map(CompactString::from).collect(),
            Some(("categories", list)) => names.categories = list.split(',').map(CompactString::from).collect(),
            Some(("store", prefix)) => store = Some(prefix),
            _ => panic!("facts/kinds.txt: {kind}: {word}"),
        }
    }
    let scope = if scope == "cluster" { Scope::Cluster } else { Scope::Namespaced };
    Fact {
        group,
        versions: versions.to_vec(),
        names,
        scope,
        verbs: Vec::new(),
        subresources: Vec::new(),
        deprecated: Vec::new(),
        store,
    }
}

fn verbs(list: &str) -> Vec<Verb> {
    list.split(',').map(|word| Verb::parse(word).unwrap_or_else(|| panic!("facts/kinds.txt: verb {word}"))).collect()
}

/// `eviction  policy/v1/Eviction  create`
fn subresource(of: &Fact, mut words: impl Iterator<Item = &'static str>) -> Subresource {
    let mut next = || words.next().unwrap_or_default();
    let (name, kind, list) = (next(), next(), next());
    let kind = match kind.split('/').collect::<Vec<_>>()[..] {
        [group, version, kind] => Some(Gvk::new(group, version, kind)),
        _ if kind == of.names.kind => None,
        _ => Some(Gvk::new(of.group, of.versions[0], kind)),
    };
    let scale = (name == "scale").then(replicas);
    Subresource { name: name.into(), verbs: verbs(list), kind, versions: Vec::new(), scale }
}

/// Every built-in kind that scales keeps its replicas in the same places.
fn replicas() -> Scale {
    Scale {
        spec_replicas: "spec.replicas".into(),
        status_replicas: "status.replicas".into(),
        selector: Some("spec.selector".into()),
    }
}
