//! A URL's path to what it means.

use kinds::Verb;
use meta::{CompactString, Gvr, Key};
use percent_encoding::percent_decode_str;

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Resource(ResourcePath),
    /// Everything that is no resource: discovery, health, documents.
    Other,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcePath {
    pub resource: Gvr,
    pub key: Key,
    pub subresource: CompactString,
    /// What follows the subresource: a proxied path.
    pub rest: String,
    /// The deprecated `/watch/` prefix.
    pub watch: bool,
}

impl ResourcePath {
    /// The verb of a method; none where the path does not take it.
    pub fn verb(&self, method: &http::Method, watch: bool) -> Option<Verb> {
        let named = !self.key.name.is_empty();
        if self.watch || (watch && *method == http::Method::GET && self.subresource.is_empty()) {
            return (*method == http::Method::GET).then_some(Verb::Watch);
        }
        match (method.as_str(), named) {
            ("GET", true) => Some(Verb::Get),
            ("GET", false) => Some(Verb::List),
            ("POST", false) => Some(Verb::Create),
            ("POST", true) if !self.subresource.is_empty() => Some(Verb::Create),
            ("PUT", true) => Some(Verb::Update),
            ("PATCH", true) => Some(Verb::Patch),
            ("DELETE", true) => Some(Verb::Delete),
            ("DELETE", false) => Some(Verb::DeleteCollection),
            _ => None,
        }
    }
}

/// None where a part of the path is not UTF-8.
pub fn parse(path: &str) -> Option<Target> {
    // As in Go, a slash that is written as `%2F` divides, too.
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let parts: Vec<&str> = decoded.trim_matches('/').split('/').collect();
    Some(match parts[..] {
        ["api", version, ref below @ ..] if !below.is_empty() => resource("", version, below),
        ["apis", group, version, ref below @ ..] if !below.is_empty() => resource(group, version, below),
        _ => Target::Other,
    })
}

fn resource(group: &str, version: &str, below: &[&str]) -> Target {
    let (watch, below) = match below {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        all => (false, all),
    };
    let (namespace, below) = match below {
        // The parts of a namespace itself, not of something in it.
        ["namespaces", name, part @ ("status" | "finalize"), rest @ ..] => {
            return found(group, version, "", "namespaces", &[*name, *part], rest, watch);
        }
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        all => ("", all),
    };
    match below {
        [plural, rest @ ..] => {
            let (own, rest) = rest.split_at(rest.len().min(2));
            found(group, version, namespace, plural, own, rest, watch)
        }
        [] => Target::Other,
    }
}

fn found(
    group: &str,
    version: &str,
    namespace: &str,
    plural: &str,
    own: &[&str],
    rest: &[&str],
    watch: bool,
) -> Target {
    Target::Resource(ResourcePath {
        resource: Gvr::new(group, version, plural),
        key: Key::new(namespace, own.first().copied().unwrap_or("")),
        subresource: own.get(1).copied().unwrap_or("").into(),
        rest: rest.join("/"),
        watch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        match parse(path) {
            None => "broken".into(),
            Some(Target::Other) => "other".into(),
            Some(Target::Resource(r)) => {
                let (group, watch) = (&r.resource.group, if r.watch { "watch " } else { "" });
                format!(
                    "{watch}{group}|{}|{}|{}|{}|{}",
                    r.resource.version, r.resource.resource, r.key, r.subresource, r.rest
                )
            }
        }
    }

    #[test]
    fn paths_are_read() {
        for (path, expect) in [
            ("/api/v1/pods", "|v1|pods|||"),
            ("/api/v1/namespaces/default/pods", "|v1|pods|default/||"),
            ("/api/v1/namespaces/default/pods/a", "|v1|pods|default/a||"),
            ("/api/v1/namespaces/default/pods/a/log", "|v1|pods|default/a|log|"),
            ("/api/v1/namespaces/default/services/a/proxy/x/y", "|v1|services|default/a|proxy|x/y"),
            ("/api/v1/namespaces", "|v1|namespaces|||"),
            ("/api/v1/namespaces/default", "|v1|namespaces|default||"),
            ("/api/v1/namespaces/default/finalize", "|v1|namespaces|default|finalize|"),
            ("/api/v1/namespaces/default/status", "|v1|namespaces|default|status|"),
            ("/apis/apps/v1/namespaces/d/deployments/a/scale", "apps|v1|deployments|d/a|scale|"),
            ("/apis/apps/v1/watch/namespaces/d/deployments", "watch apps|v1|deployments|d/||"),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "rbac.authorization.k8s.io|v1|clusterroles|system:node||",
            ),
            ("/api/v1", "other"),
            ("/apis/apps/v1", "other"),
            ("/healthz", "other"),
            ("/api/v1/namespaces/d/pods/a%2Flog", "|v1|pods|d/a|log|"),
            ("/api/v1/pods/%ff", "broken"),
        ] {
            assert_eq!(text(path), expect, "{path}");
        }
    }
}
