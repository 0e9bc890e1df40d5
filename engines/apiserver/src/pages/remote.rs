//! What other servers answer, as discovery tells it beside what this one does.

use super::discovery::version_value;
use crate::aggregation::{Remote, Remotes};
use meta::{Value, value};
use std::cmp::Reverse;

/// In a list of groups. The first version of each is the preferred one.
pub(super) fn join_names(groups: &mut Vec<Value>, remotes: &Remotes) {
    join(groups, remotes, "name", |remote| version_value(&remote.group, &remote.version));
    for group in groups.iter_mut().filter(|group| group.get("preferredVersion").is_null()) {
        let first = group.items("versions").first().cloned().unwrap_or_default();
        group.set("preferredVersion", first);
    }
}

/// In the aggregated form.
pub(super) fn join_resources(groups: &mut Vec<Value>, remotes: &Remotes) {
    join(groups, remotes, "metadata.name", discovered);
}

/// Puts each group version into its group, found by its name at this path; groups that are new come last, as their
/// priorities have it.
fn join(groups: &mut Vec<Value>, remotes: &Remotes, name: &str, version: impl Fn(&Remote) -> Value) {
    let mut ordered: Vec<&Remote> = remotes.values().map(|remote| &**remote).collect();
    ordered.sort_by_key(|remote| Reverse(remote.priority));
    for remote in ordered {
        let place = groups.iter().position(|group| group.str(name) == remote.group).unwrap_or_else(|| {
            let mut group = value!({});
            group.set(name, &remote.group);
            groups.push(group);
            groups.len() - 1
        });
        add(&mut groups[place], version(remote));
    }
}

/// A version that is there already is this server's own, and is answered by the other.
fn add(group: &mut Value, version: Value) {
    let mut versions = group.items("versions").to_vec();
    versions.retain(|known| known.str("version") != version.str("version"));
    versions.push(version);
    group.set("versions", Value::List(versions));
}

/// What the other server said it serves.
fn discovered(remote: &Remote) -> Value {
    let served = remote.served();
    let all = &served.resources;
    let mut resources: Vec<Value> =
        all.iter().filter(|listed| !listed.str("name").contains('/')).map(|listed| resource(remote, listed)).collect();
    for listed in all.iter() {
        let Some((owner, name)) = listed.str("name").split_once('/') else { continue };
        let Some(owner) = resources.iter_mut().find(|resource| resource.str("resource") == owner) else { continue };
        let mut known = owner.items("subresources").to_vec();
        known.push(value!({"subresource": name, "responseKind": (kind(remote, listed)),
            "verbs": (listed.get("verbs").clone())}));
        owner.set("subresources", Value::List(known));
    }
    resources.sort_by(|a, b| a.str("resource").cmp(b.str("resource")));
    let freshness = if remote.is_available() { "Current" } else { "Stale" };
    value!({"version": (&remote.version), "resources": (Value::List(resources)), "freshness": freshness})
}

fn resource(remote: &Remote, listed: &Value) -> Value {
    let scope = if listed.get("namespaced") == &Value::Bool(true) { "Namespaced" } else { "Cluster" };
    let mut shown = value!({
        "resource": (listed.str("name")),
        "responseKind": (kind(remote, listed)),
        "scope": scope,
        "singularResource": (listed.str("singularName")),
        "verbs": (listed.get("verbs").clone()),
    });
    for optional in ["shortNames", "categories"] {
        if !listed.get(optional).is_null() {
            shown.set(optional, listed.get(optional).clone());
        }
    }
    shown
}

/// Of the group version itself, unless it says otherwise.
fn kind(remote: &Remote, listed: &Value) -> Value {
    let or = |field: &str, own: &str| match listed.str(field) {
        "" => own.to_string(),
        other => other.to_string(),
    };
    value!({"group": (or("group", &remote.group)), "version": (or("version", &remote.version)),
        "kind": (listed.str("kind"))})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::Served;
    use std::sync::Arc;

    fn remote(group: &str, version: &str, priority: i64) -> Remote {
        let spec = value!({"group": group, "version": version, "groupPriorityMinimum": priority, "versionPriority": 10i64,
            "service": {"namespace": "n", "name": "s", "port": 443i64}});
        Remote::new(format!("{version}.{group}").into(), spec, None)
    }

    #[test]
    fn group_versions_find_their_groups() {
        let remotes = [remote("b.io", "v1", 10), remote("a.io", "v1", 20), remote("apps", "v9", 10)];
        let remotes: Remotes =
            remotes.into_iter().map(|r| ((r.group.clone(), r.version.clone()), Arc::new(r))).collect();
        let mut groups = vec![value!({"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}]})];
        join_names(&mut groups, &remotes);
        let versions = |group: &Value| {
            let all = group.items("versions").iter().map(|version| version.str("groupVersion").to_string());
            all.collect::<Vec<_>>().join(" ")
        };
        let told: Vec<String> = groups.iter().map(versions).collect();
        assert_eq!(told, ["apps/v1 apps/v9", "a.io/v1", "b.io/v1"]);
        let preferred: Vec<&str> = groups.iter().map(|group| group.str("preferredVersion.version")).collect();
        assert_eq!(preferred, ["v1", "v1", "v1"]);
    }

    #[test]
    fn resources_are_told_as_the_other_server_told_them() {
        let remote = remote("a.io", "v1", 10);
        assert_eq!(discovered(&remote).str("freshness"), "Stale");
        let resources = vec![
            value!({"name": "flunders/status", "kind": "Flunder", "namespaced": true, "verbs": ["get"]}),
            value!({"name": "flunders", "singularName": "flunder", "kind": "Flunder", "namespaced": true,
                "verbs": ["get", "list"], "shortNames": ["fl"]}),
        ];
        remote.saw(Some(Served { resources, document: String::new() }));
        let kind = value!({"group": "a.io", "version": "v1", "kind": "Flunder"});
        assert_eq!(
            discovered(&remote),
            value!({"version": "v1", "freshness": "Current", "resources": [{"resource": "flunders",
                "responseKind": (kind.clone()), "scope": "Namespaced", "singularResource": "flunder",
                "verbs": ["get", "list"], "shortNames": ["fl"],
                "subresources": [{"subresource": "status", "responseKind": kind, "verbs": ["get"]}]}]})
        );
    }
}
