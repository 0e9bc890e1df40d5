//! A request's path and query.

use client::{ListOptions, Request, VersionMatch, WriteOptions};
use kinds::Verb;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub fn of(request: &Request, watch: bool) -> String {
    let mut path = match request.resource.group.as_str() {
        "" => format!("/api/{}", request.resource.version),
        group => format!("/apis/{group}/{}", request.resource.version),
    };
    if !request.key.namespace.is_empty() {
        path.push_str(&format!("/namespaces/{}", encode(&request.key.namespace)));
    }
    path.push_str(&format!("/{}", request.resource.resource));
    for part in [&request.key.name, &request.subresource] {
        if !part.is_empty() {
            path.push_str(&format!("/{}", encode(part)));
        }
    }
    let query = query(request, watch);
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn query(request: &Request, watch: bool) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    match request.verb {
        Verb::Get | Verb::List | Verb::Watch | Verb::DeleteCollection => read(&request.list, watch, &mut pairs),
        _ => {}
    }
    if matches!(request.verb, Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection) {
        write(&request.write, &mut pairs);
    }
    pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn read(list: &ListOptions, watch: bool, pairs: &mut Vec<(&'static str, String)>) {
    let texts = [
        ("labelSelector", &list.label_selector),
        ("fieldSelector", &list.field_selector),
        ("continue", &list.continue_token),
        ("resourceVersion", &list.resource_version),
    ];
    pairs.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.clone())));
    if list.limit > 0 {
        pairs.push(("limit", list.limit.to_string()));
    }
    match list.version_match {
        Some(VersionMatch::Exact) => pairs.push(("resourceVersionMatch", "Exact".into())),
        Some(VersionMatch::NotOlderThan) => pairs.push(("resourceVersionMatch", "NotOlderThan".into())),
        None => {}
    }
    if !watch {
        return;
    }
    pairs.push(("watch", "true".into()));
    if list.bookmarks {
        pairs.push(("allowWatchBookmarks", "true".into()));
    }
    if let Some(initial) = list.send_initial_events {
        pairs.push(("sendInitialEvents", initial.to_string()));
    }
    if let Some(seconds) = list.timeout_seconds {
        pairs.push(("timeoutSeconds", seconds.to_string()));
    }
}

fn write(write: &WriteOptions, pairs: &mut Vec<(&'static str, String)>) {
    if write.dry_run {
        pairs.push(("dryRun", "All".into()));
    }
    if write.force {
        pairs.push(("force", "true".into()));
    }
    for (name, text) in [("fieldManager", &write.field_manager), ("fieldValidation", &write.field_validation)] {
        if !text.is_empty() {
            pairs.push((name, text.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::{Gvr, Key, Value};

    #[test]
    fn paths_are_as_the_api_knows_them() {
        let pods = || Gvr::new("", "v1", "pods");
        let mut selected = Request::list(pods(), "d");
        selected.list.label_selector = "a in (b,c)".into();
        selected.list.limit = 5;
        let mut status = Request::update(Gvr::new("apps", "v1", "deployments"), Key::new("d", "web"), Value::Null);
        (status.subresource, status.write.dry_run) = ("status".into(), true);
        for (request, watch, expect) in [
            (Request::get(pods(), Key::new("d", "a")), false, "/api/v1/namespaces/d/pods/a"),
            (Request::list(pods(), ""), true, "/api/v1/pods?watch=true"),
            (selected, false, "/api/v1/namespaces/d/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5"),
            (status, false, "/apis/apps/v1/namespaces/d/deployments/web/status?dryRun=All"),
            (Request::get(Gvr::new("", "v1", "nodes"), Key::cluster("a/b")), false, "/api/v1/nodes/a%2Fb"),
        ] {
            assert_eq!(of(&request, watch), expect);
        }
    }
}
