//! A request as metrics and logs name it.

use crate::http::{ResourcePath, Target};
use crate::rows::Table;
use http::Method;
use meta::CompactString;
use std::fmt;

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub verb: &'static str,
    group: CompactString,
    version: CompactString,
    resource: CompactString,
    subresource: CompactString,
    scope: &'static str,
    dry_run: &'static str,
    component: &'static str,
}

/// Pages that are worth a series of their own.
const PAGES: [&str; 5] = ["/healthz", "/livez", "/metrics", "/readyz", "/version"];

/// What a request's head says that its path does not.
pub(crate) struct Manner {
    pub watch: bool,
    pub apply: bool,
    pub dry_run: bool,
}

impl Asked {
    pub fn new(table: &Table, method: &Method, path: &str, target: Option<&Target>, manner: &Manner) -> Asked {
        match target {
            Some(Target::Resource(target)) => Asked::of_resource(table, method, target, manner),
            _ => {
                let page = PAGES.iter().find(|page| **page == path).copied().unwrap_or("");
                Asked { verb: word(method), subresource: page.into(), ..Asked::default() }
            }
        }
    }

    fn of_resource(table: &Table, method: &Method, target: &ResourcePath, manner: &Manner) -> Asked {
        let named = !target.key.name.is_empty();
        let verb = match (method.as_str(), named) {
            _ if crate::http::connects(target) => "CONNECT",
            ("GET", _) if target.watch || (manner.watch && target.subresource.is_empty()) => "WATCH",
            ("GET" | "HEAD", false) => "LIST",
            ("PATCH", _) if manner.apply => "APPLY",
            ("DELETE", false) => "DELETECOLLECTION",
            _ => word(method),
        };
        let Some(row) = table.served(&target.resource) else { return Asked { verb, ..Asked::default() } };
        let known = |part: &&CompactString| row.def.subresources.iter().any(|own| own.name == part.as_str());
        Asked {
            verb,
            group: target.resource.group.clone(),
            version: target.resource.version.clone(),
            resource: target.resource.resource.clone(),
            subresource: Some(&target.subresource).filter(known).cloned().unwrap_or_default(),
            scope: match (named || verb == "POST", target.key.namespace.is_empty()) {
                (true, _) => "resource",
                (false, false) => "namespace",
                (false, true) => "cluster",
            },
            dry_run: if manner.dry_run { "All" } else { "" },
            component: "apiserver",
        }
    }

    /// Its length is the client's wish and says nothing about the server.
    pub fn is_long(&self) -> bool {
        matches!(self.verb, "WATCH" | "CONNECT")
    }
}

fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" | "HEAD" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// As labels, without their braces.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked { verb, group, version, resource, subresource, scope, dry_run, component } = self;
        write!(f, "component={component:?},dry_run={dry_run:?},group={group:?},resource={resource:?},")?;
        write!(f, "scope={scope:?},subresource={subresource:?},verb={verb:?},version={version:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_get_no_series_of_their_own() {
        for (method, path, expect) in [
            (Method::GET, "/readyz", ("GET", "/readyz")),
            (Method::GET, "/whatever", ("GET", "")),
            (Method::from_bytes(b"BREW").unwrap(), "/readyz", ("other", "/readyz")),
            (Method::DELETE, "/apis/made.up/v1/things", ("DELETECOLLECTION", "")),
            (Method::PATCH, "/apis/made.up/v1/things/a", ("APPLY", "")),
        ] {
            let manner = Manner { watch: false, apply: true, dry_run: false };
            let target = crate::http::parse_path(path);
            let asked = Asked::new(&Table::default(), &method, path, target.as_ref(), &manner);
            assert_eq!((asked.verb, asked.subresource.as_str()), expect, "{path}");
            assert_eq!((asked.group.as_str(), asked.resource.as_str()), ("", ""), "{path}");
        }
    }
}
