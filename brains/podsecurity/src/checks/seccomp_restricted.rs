//! Every container has a seccomp profile, its own or its pod's.

use super::seccomp;
use crate::wording::containers;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    if let Some(bad) = seccomp::find(pod) {
        return Some(bad);
    }
    // What the pod has is allowed: it was looked at above.
    if seccomp::kind(pod.spec.get("securityContext")).is_some() {
        return None;
    }
    let silent = pod.containers_that(|container| seccomp::kind(container.get("securityContext")).is_none());
    (!silent.is_empty()).then(|| {
        let detail = format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            containers(&silent)
        );
        Violation::new("seccompProfile", detail)
    })
}
