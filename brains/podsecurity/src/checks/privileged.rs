//! No container is privileged.

use crate::wording::containers;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.containers_that(|container| container.bool("securityContext.privileged"));
    (!bad.is_empty()).then(|| {
        let detail = format!("{} must not set securityContext.privileged=true", containers(&bad));
        Violation::new("privileged", detail)
    })
}
