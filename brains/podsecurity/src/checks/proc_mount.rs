//! What runtimes mask of /proc stays masked.

use crate::wording::{containers, quoted};
use crate::{Pod, Violation};
use std::collections::BTreeSet;

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut kinds = BTreeSet::new();
    let bad = pod.containers_that(|container| {
        let kind = container.at("securityContext.procMount").as_str().filter(|kind| *kind != "Default");
        kinds.extend(kind);
        kind.is_some()
    });
    (!bad.is_empty()).then(|| {
        let detail = format!("{} must not set securityContext.procMount to {}", containers(&bad), quoted(&kinds));
        Violation::new("procMount", detail)
    })
}
