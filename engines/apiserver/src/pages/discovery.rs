//! Discovery v1 and the aggregated form v2, computed from the rows.

use super::remote;
use crate::engine::Api;
use crate::http::{Media, Response, respond};
use crate::rows::{Row, Table};
use base64::Engine as _;
use http::HeaderMap;
use http::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use kinds::{KindDef, Scope, Subresource, Verb};
use meta::{CompactString, Gvk, Map, Status, Value, value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Upstream's order of groups: by hand-given priority, custom ones after all.
fn priority(group: &str) -> usize {
    const ORDER: &[&str] = &[
        "apiregistration.k8s.io",
        "apps",
        "events.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "scheduling.k8s.io",
        "coordination.k8s.io",
        "node.k8s.io",
        "discovery.k8s.io",
        "resource.k8s.io",
        "flowcontrol.apiserver.k8s.io",
    ];
    ORDER.iter().position(|known| *known == group).unwrap_or(ORDER.len())
}

/// The rows by group in discovery's order, and below that by version.
struct Groups(Vec<Group>);

type Group = (CompactString, Vec<InVersion>);
/// A version with the rows that it serves.
type InVersion = (CompactString, Vec<Arc<Row>>);

impl Groups {
    fn of(table: &Table) -> Groups {
        let mut by_group: BTreeMap<(usize, CompactString), Vec<Arc<Row>>> = BTreeMap::new();
        for row in table.iter() {
            by_group.entry((priority(&row.def.group), row.def.group.clone())).or_default().push(row.clone());
        }
        Groups(by_group.into_iter().map(|((_, group), rows)| (group, versions(&rows))).collect())
    }

    fn named(&self) -> impl Iterator<Item = &Group> {
        self.0.iter().filter(|(group, _)| !group.is_empty())
    }
}

/// The versions that a group serves, the most mature and newest first, each with its rows.
fn versions(rows: &[Arc<Row>]) -> Vec<InVersion> {
    let served = rows.iter().flat_map(|row| row.def.versions.iter().filter(|v| v.served).map(|v| v.name.clone()));
    let mut names: Vec<CompactString> = served.collect();
    names.sort_by(|a, b| kinds::version_priority(b).cmp(&kinds::version_priority(a)).then(a.cmp(b)));
    names.dedup();
    let of = |name: &CompactString| rows.iter().filter(|row| row.version(name).is_some()).cloned().collect();
    names.into_iter().map(|name| (name.clone(), of(&name))).collect()
}

fn wants_aggregated(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.split(',').any(|clause| {
        clause.contains("g=apidiscovery.k8s.io") && clause.contains("v=v2") && !clause.contains("v=v2beta1")
    })
}

pub fn legacy(api: &Api, headers: &HeaderMap) -> Response {
    let groups = Groups::of(&api.rows.table());
    if wants_aggregated(headers) {
        let core = groups.0.iter().filter(|(group, _)| group.is_empty());
        return aggregated(core.map(|(group, versions)| aggregated_group(group, versions)).collect(), headers);
    }
    let addresses = value!([{"clientCIDR": "0.0.0.0/0", "serverAddress": (api.advertised.to_string())}]);
    respond::json(200, &value!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}))
}

pub fn groups(api: &Api, headers: &HeaderMap) -> Response {
    let groups = Groups::of(&api.rows.table());
    let remotes = api.aggregation.remotes();
    if wants_aggregated(headers) {
        let mut items = groups.named().map(|(group, versions)| aggregated_group(group, versions)).collect();
        remote::join_resources(&mut items, &remotes);
        return aggregated(items, headers);
    }
    let mut list: Vec<Value> = groups.named().map(|(group, versions)| group_value(group, versions)).collect();
    remote::join_names(&mut list, &remotes);
    respond::json(200, &value!({"kind": "APIGroupList", "apiVersion": "v1", "groups": (Value::List(list))}))
}

pub fn group(api: &Api, name: &str) -> Response {
    let groups = Groups::of(&api.rows.table());
    let found = groups.named().find(|(group, _)| group == name);
    let mut found: Vec<Value> = found.map(|(group, versions)| group_value(group, versions)).into_iter().collect();
    remote::join_names(&mut found, &api.aggregation.remotes());
    let Some(mut group) = found.into_iter().find(|group| group.str("name") == name) else {
        return respond::no_page();
    };
    group.set("kind", "APIGroup");
    group.set("apiVersion", "v1");
    respond::json(200, &group)
}

fn group_value(group: &str, versions: &[InVersion]) -> Value {
    let all: Vec<Value> = versions.iter().map(|(version, _)| version_value(group, version)).collect();
    let preferred = all.first().cloned().unwrap_or_default();
    value!({"name": group, "versions": (Value::List(all)), "preferredVersion": preferred})
}

pub(super) fn version_value(group: &str, version: &str) -> Value {
    value!({"groupVersion": (format!("{group}/{version}")), "version": version})
}

pub fn resources(api: &Api, group: &str, version: &str) -> Response {
    let groups = Groups::of(&api.rows.table());
    let versions = groups.0.iter().find(|(name, _)| name == group).map(|(_, versions)| versions);
    let rows = versions.and_then(|versions| versions.iter().find(|(name, _)| name == version)).map(|(_, rows)| rows);
    let Some(rows) = rows else {
        return match versions {
            // Of the core group and of those that are there, another part of upstream answers.
            None if !group.is_empty() => respond::no_page(),
            _ => respond::status(&Status::no_such_page(), Media::Json),
        };
    };
    let mut list: Vec<Value> = Vec::new();
    for row in rows {
        list.push(resource(&row.def));
        list.extend(subresources(&row.def, version).map(|sub| subresource(&row.def, sub)));
    }
    list.sort_by(|a, b| a.str("name").cmp(b.str("name")));
    let group_version = meta::GroupVersion::new(group, version).api_version();
    let mut shown =
        value!({"kind": "APIResourceList", "groupVersion": group_version, "resources": (Value::List(list))});
    // Old clients of the core group know no version of its list.
    if !group.is_empty() {
        shown.set("apiVersion", "v1");
    }
    respond::json(200, &shown)
}

fn subresources<'a>(def: &'a KindDef, version: &'a str) -> impl Iterator<Item = &'a Subresource> {
    def.subresources.iter().filter(move |sub| sub.versions.is_empty() || sub.versions.iter().any(|v| v == version))
}

fn resource(def: &KindDef) -> Value {
    let names = &def.names;
    let mut shown = value!({
        "name": (&names.plural),
        "singularName": (&names.singular),
        "namespaced": (def.scope == Scope::Namespaced),
        "kind": (&names.kind),
        "verbs": (verbs(&def.verbs)),
    });
    if !names.short.is_empty() {
        shown.set("shortNames", names.short.clone());
    }
    if !names.categories.is_empty() {
        shown.set("categories", names.categories.clone());
    }
    // What can be listed and not be watched is not stored.
    if def.verbs.contains(&Verb::Watch) {
        shown.set("storageVersionHash", storage_hash(def));
    }
    shown
}

fn subresource(def: &KindDef, sub: &Subresource) -> Value {
    let mut shown = value!({
        "name": (format!("{}/{}", def.names.plural, sub.name)),
        "singularName": "",
        "namespaced": (def.scope == Scope::Namespaced),
        "kind": (sub.kind.as_ref().map_or(&def.names.kind, |kind| &kind.kind)),
        "verbs": (verbs(&sub.verbs)),
    });
    if let Some(kind) = &sub.kind {
        shown.set("group", &kind.group);
        shown.set("version", &kind.version);
        if kind.group.is_empty() {
            shown.remove("group");
        }
    }
    shown
}

fn verbs(verbs: &[Verb]) -> Value {
    let words = verbs.iter().filter(|verb| **verb != Verb::Connect).map(|verb| verb.word());
    let mut words: Vec<&str> = words.collect();
    if words.is_empty() && verbs.contains(&Verb::Connect) {
        words = vec!["create", "get"];
    }
    words.sort_unstable();
    Value::from(words)
}

/// As upstream computes it, so that equal storage versions have equal hashes.
fn storage_hash(def: &KindDef) -> String {
    let stored = def.stored_as.clone().unwrap_or_else(|| def.gvk(&def.storage_version().name));
    let text = format!("{}/{}/{}", stored.group, stored.version, stored.kind);
    base64::engine::general_purpose::STANDARD.encode(&Sha256::digest(text.as_bytes())[..8])
}

fn aggregated(items: Vec<Value>, headers: &HeaderMap) -> Response {
    let list = value!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": (Value::List(items))});
    let body = list.to_json();
    let tag = format!("\"{:X}\"", Sha256::digest(&body));
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(&tag);
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let mut response =
        respond::bytes(if known { 304 } else { 200 }, content_type, if known { Vec::new() } else { body });
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn aggregated_group(group: &str, versions: &[InVersion]) -> Value {
    let shown = |(version, rows): &InVersion| {
        let mut resources: Vec<Value> = rows.iter().map(|row| aggregated_resource(row, version)).collect();
        resources.sort_by(|a, b| a.str("resource").cmp(b.str("resource")));
        value!({"version": version, "resources": (Value::List(resources)), "freshness": "Current"})
    };
    let mut metadata = Map::default();
    if !group.is_empty() {
        metadata.insert("name", group);
    }
    value!({"metadata": metadata, "versions": (Value::List(versions.iter().map(shown).collect()))})
}

fn aggregated_resource(row: &Row, version: &str) -> Value {
    let def = &row.def;
    let kind = def.gvk(version);
    let mut shown = value!({
        "resource": (&def.names.plural),
        "responseKind": (response_kind(def, version, &kind)),
        "scope": (if def.namespaced() { "Namespaced" } else { "Cluster" }),
        "singularResource": (&def.names.singular),
        "verbs": (verbs(&def.verbs)),
    });
    if !def.names.short.is_empty() {
        shown.set("shortNames", def.names.short.clone());
    }
    if !def.names.categories.is_empty() {
        shown.set("categories", def.names.categories.clone());
    }
    let subs: Vec<Value> = subresources(def, version).map(|sub| aggregated_subresource(def, version, sub)).collect();
    if !subs.is_empty() {
        shown.set("subresources", Value::List(subs));
    }
    shown
}

fn aggregated_subresource(def: &KindDef, version: &str, sub: &Subresource) -> Value {
    let kind = sub.kind.clone().unwrap_or_else(|| def.gvk(version));
    value!({
        "subresource": (&sub.name),
        "responseKind": (response_kind(def, version, &kind)),
        "verbs": (verbs(&sub.verbs)),
    })
}

/// Built-in kinds name no group and version that are those of the list.
fn response_kind(def: &KindDef, version: &str, kind: &Gvk) -> Value {
    match !def.custom && kind.group == def.group && kind.version == version {
        true => value!({"group": "", "version": "", "kind": (&kind.kind)}),
        false => value!({"group": (&kind.group), "version": (&kind.version), "kind": (&kind.kind)}),
    }
}
