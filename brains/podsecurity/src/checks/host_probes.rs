//! The kubelet is not made to call other hosts by probes and lifecycle hooks.

use crate::wording::{containers, plural, quoted};
use crate::{Pod, Violation};
use meta::Value;
use std::collections::BTreeSet;

const HANDLERS: [&str; 5] =
    ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut called = BTreeSet::new();
    let mut bad = pod.containers_that(|container| {
        let mut hosts = hosts(container).peekable();
        let breaks = hosts.peek().is_some();
        called.extend(hosts);
        breaks
    });
    bad.sort_unstable();
    bad.dedup();
    (!bad.is_empty()).then(|| {
        let use_word = plural(bad.len(), "uses", "use");
        let what = plural(called.len(), "probe or lifecycle host", "probe or lifecycle hosts");
        let detail = format!("{} {use_word} {what} {}", containers(&bad), quoted(&called));
        Violation::new("probe or lifecycle host", detail)
    })
}

fn hosts(container: &Value) -> impl Iterator<Item = &str> {
    let of = |handler: &'static str| {
        let handler = container.at(handler);
        [handler.str("httpGet.host"), handler.str("tcpSocket.host")]
    };
    HANDLERS.into_iter().flat_map(of).filter(|host| !host.is_empty())
}
