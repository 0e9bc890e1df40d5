//! Before v1.19, seccomp profiles were chosen by annotations.

use crate::wording::plural;
use crate::{Pod, Violation};
use meta::quote;
use std::collections::BTreeSet;

const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let of_containers = pod.containers().map(|container| format!("{OF_CONTAINER}{}", container.str("name")));
    let names = std::iter::once(OF_POD.to_string()).chain(of_containers);
    let bad = names.filter_map(|name| {
        let value = pod.annotation(&name).filter(|value| !is_allowed(value))?;
        Some(format!("{name}={}", quote(value)))
    });
    let bad: BTreeSet<String> = bad.collect();
    (!bad.is_empty()).then(|| {
        let annotations = plural(bad.len(), "annotation", "annotations");
        let bad: Vec<String> = bad.into_iter().collect();
        Violation::new("seccompProfile", format!("forbidden {annotations} {}", bad.join(", ")))
    })
}

fn is_allowed(value: &str) -> bool {
    matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
}
