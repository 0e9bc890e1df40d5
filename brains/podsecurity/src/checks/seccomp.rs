//! Who chooses a seccomp profile chooses the runtime's or one of the node's.

use crate::setters::Setters;
use crate::wording::quoted;
use crate::{Pod, Violation};
use meta::Value;
use std::collections::BTreeSet;

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut bad = BTreeSet::new();
    let setters = Setters::that(pod, |context| {
        let kind = kind(context).filter(|kind| !is_allowed(kind));
        bad.extend(kind);
        kind.is_some()
    });
    (!setters.are_none()).then(|| {
        let detail = format!("{setters} must not set securityContext.seccompProfile.type to {}", quoted(&bad));
        Violation::new("seccompProfile", detail)
    })
}

/// None: no profile is chosen.
pub fn kind(context: &Value) -> Option<&str> {
    let profile = context.get("seccompProfile");
    (!profile.is_null()).then(|| profile.str("type"))
}

pub fn is_allowed(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}
