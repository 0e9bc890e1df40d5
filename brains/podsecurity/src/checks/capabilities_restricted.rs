//! All capabilities are dropped, and only that of binding low ports may come back.

use super::capabilities;
use crate::wording::containers;
use crate::{Pod, Violation};
use std::collections::BTreeSet;

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut details = Vec::new();
    let keeping = pod.containers_that(|container| {
        let dropped = container.items("securityContext.capabilities.drop");
        !dropped.iter().any(|name| name.as_str() == Some("ALL"))
    });
    if !keeping.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers(&keeping)));
    }
    let mut added = BTreeSet::new();
    let adding = capabilities::adding(pod, &["NET_BIND_SERVICE"], &mut added);
    if !adding.is_empty() {
        details.push(capabilities::detail(&adding, &added));
    }
    (!details.is_empty()).then(|| Violation::new("unrestricted capabilities", details.join("; ")))
}
