//! No capabilities beyond those that runtimes give anyway.

use crate::wording::{containers, quoted};
use crate::{Pod, Violation};
use std::collections::BTreeSet;

const DEFAULT: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut added = BTreeSet::new();
    let bad = adding(pod, &DEFAULT, &mut added);
    (!bad.is_empty()).then(|| Violation::new("non-default capabilities", detail(&bad, &added)))
}

/// The containers that add more than what is allowed, and what that is.
pub fn adding<'p>(pod: &Pod<'p>, allowed: &[&str], added: &mut BTreeSet<&'p str>) -> Vec<&'p str> {
    pod.containers_that(|container| {
        let capabilities = container.items("securityContext.capabilities.add").iter().filter_map(|name| name.as_str());
        let mut bad = capabilities.filter(|name| !allowed.contains(name)).peekable();
        let breaks = bad.peek().is_some();
        added.extend(bad);
        breaks
    })
}

pub fn detail(bad: &[&str], added: &BTreeSet<&str>) -> String {
    format!("{} must not include {} in securityContext.capabilities.add", containers(bad), quoted(added))
}
