//! Nobody gets more rights than he started with, by setuid programs or otherwise.

use crate::wording::containers;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod
        .containers_that(|container| container.at("securityContext.allowPrivilegeEscalation").as_bool() != Some(false));
    (!bad.is_empty()).then(|| {
        let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", containers(&bad));
        Violation::new("allowPrivilegeEscalation != false", detail)
    })
}
