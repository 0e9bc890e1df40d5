//! `kubectl create role` and `kubectl create clusterrole`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::{Value, value};
use std::collections::BTreeMap;

const GROUP: &str = "rbac.authorization.k8s.io";
const VERBS: [&str; 16] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
];
const PATH_VERBS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];
const FLAGS: &[Flag] = &[flags::list("verb"), flags::list("resource"), flags::array("resource-name")];
const CLUSTER_FLAGS: &[Flag] = &[
    flags::list("verb"),
    flags::list("resource"),
    flags::array("resource-name"),
    flags::list("non-resource-url"),
    flags::list("aggregation-rule"),
];

const KNOWN: Known = Known::new(GROUP, "v1", "roles", "");
const CLUSTER: Known = Known::new(GROUP, "v1", "clusterroles", "").of_cluster();

pub const COMMAND: Command =
    Command::new("role", "Create a role", "NAME --verb=VERB --resource=RESOURCE.GROUP").flags(&with(FLAGS)).run(role);

pub const CLUSTER_COMMAND: Command =
    Command::new("clusterrole", "Create a cluster role", "NAME --verb=VERB --resource=RESOURCE.GROUP")
        .flags(&with(CLUSTER_FLAGS))
        .run(clusterrole);

fn role(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let verbs = verbs(session)?;
    warn_of_verbs(session, &verbs);
    if session.flags.list("resource").is_empty() {
        return Err(Failure::text("at least one resource must be specified"));
    }
    let rules = rules(session, &verbs)?;
    KNOWN.make(session, value!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}))
}

fn clusterrole(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let mut object =
        value!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}});
    if !flags.list("aggregation-rule").is_empty() {
        if ["verb", "resource", "resource-name", "non-resource-url"].iter().any(|flag| !flags.list(flag).is_empty()) {
            return Err(Failure::text(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let labels: meta::Map = flags.list("aggregation-rule").iter().filter_map(|pair| pair.split_once('=')).collect();
        object.set("aggregationRule", value!({"clusterRoleSelectors": [{"matchLabels": labels}]}));
        object.set("rules", Value::Null);
        return CLUSTER.make(session, object);
    }
    let verbs = verbs(session)?;
    let (resources, paths) = (flags.list("resource"), flags.list("non-resource-url"));
    if resources.is_empty() && paths.is_empty() {
        return Err(Failure::text("one of resource or nonResourceURL must be specified"));
    }
    if !resources.is_empty() {
        warn_of_verbs(session, &verbs);
    }
    let mut rules = rules(session, &verbs)?.as_list().unwrap_or(&[]).to_vec();
    if !paths.is_empty() {
        check_paths(&verbs, paths)?;
        rules.push(value!({"verbs": verbs, "nonResourceURLs": (paths.to_vec())}));
    }
    object.set("rules", Value::List(rules));
    CLUSTER.make(session, object)
}

fn verbs(session: &Session<'_>) -> Result<Vec<String>, Failure> {
    let mut verbs: Vec<String> = Vec::new();
    for verb in session.flags.list("verb") {
        if verb == "*" {
            return Ok(vec![verb.clone()]);
        }
        if !verbs.contains(verb) {
            verbs.push(verb.clone());
        }
    }
    if verbs.is_empty() { Err(Failure::text("at least one verb must be specified")) } else { Ok(verbs) }
}

fn warn_of_verbs(session: &Session<'_>, verbs: &[String]) {
    for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
        session.warn(format!("Warning: '{verb}' is not a standard resource verb"));
    }
}

fn check_paths(verbs: &[String], paths: &[String]) -> Result<(), Failure> {
    if let Some(verb) = verbs.iter().find(|verb| !PATH_VERBS.contains(&verb.as_str())) {
        return Err(Failure::text(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for path in paths.iter().filter(|path| *path != "*") {
        if !path.starts_with('/') {
            return Err(Failure::text("nonResourceURL should start with /"));
        }
        if path[..path.len() - 1].contains('*') {
            return Err(Failure::text("nonResourceURL only supports wildcard matches when '*' is at the end"));
        }
    }
    Ok(())
}

/// One rule for each group, its resources in their full names.
fn rules(session: &Session<'_>, verbs: &[String]) -> Result<Value, Failure> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for name in session.flags.list("resource-name") {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    for word in session.flags.list("resource") {
        let (resource, sub) = word.split_once('/').map_or((word.as_str(), None), |(word, sub)| (word, Some(sub)));
        let (group, plural) = found(session, resource)?;
        let plural = sub.map_or(plural.clone(), |sub| format!("{plural}/{sub}"));
        let known = groups.entry(group).or_default();
        if !known.contains(&plural) {
            known.push(plural);
        }
    }
    let rules = groups.into_iter().map(|(group, resources)| {
        let mut rule = value!({"verbs": (verbs.to_vec()), "apiGroups": [group], "resources": resources});
        if !names.is_empty() {
            rule.set("resourceNames", names.clone());
        }
        rule
    });
    Ok(Value::List(rules.collect()))
}

fn found(session: &Session<'_>, word: &str) -> Result<(String, String), Failure> {
    let (plural, group) = word.split_once('.').unwrap_or((word, ""));
    match plural {
        "" => Err(Failure::text("resource must be specified if apiGroup/subresource specified")),
        "*" => Ok((group.to_string(), "*".into())),
        plural => {
            let unknown = |_| match group {
                "" => Failure::Plain(format!("the server doesn't have a resource type {}", meta::quote(plural))),
                group => Failure::Plain(format!(
                    "the server doesn't have a resource type {} in group {}",
                    meta::quote(plural),
                    meta::quote(group)
                )),
            };
            let resource = session.discovery()?.find(word).map_err(unknown)?;
            Ok((resource.group.clone(), resource.plural.clone()))
        }
    }
}
